import Payments

/// What a proxy, a portal or a broken line gives in place of the gateway's answer.
enum Lie: String, CaseIterable {
  case redirect, page, nothing, cutOff, created, noContent, duplicateKeys, forbidden
  case paymentRequired

  var status: Int {
    switch self {
    case .redirect: 302
    case .page, .nothing, .cutOff, .duplicateKeys: 200
    case .created: 201
    case .noContent: 204
    case .forbidden: 403
    case .paymentRequired: 402
    }
  }

  func reply(to request: ChargeRequest, id: String) -> GatewayReply {
    let truth = Self.payment(request, id: id)
    let body =
      switch self {
      case .redirect, .nothing, .noContent: ""
      case .page, .forbidden, .paymentRequired: "<html><body>Sign in to the network</body></html>"
      case .cutOff: String(truth.prefix(truth.count * 2 / 3))
      case .created: truth
      case .duplicateKeys: #"{"status":"processing","# + truth.dropFirst()
      }
    return GatewayReply(status: status, body: Array(body.utf8))
  }

  private static func payment(_ request: ChargeRequest, id: String) -> String {
    #"{"id":"\#(id)","object":"payment_intent","amount":\#(request.amountMinor),"#
      + #""amount_received":\#(request.amountMinor),"#
      + #""currency":"\#(request.currency.code.lowercased())","status":"succeeded","#
      + #""metadata":{"invoice":"\#(request.invoice)","account":"\#(request.account)","#
      + #""attempt":"\#(request.attempt)"}}"#
  }
}

extension GatewayAnswer {
  var gatewayID: String? {
    switch self {
    case .succeeded(let id): id
    case .declined(let id, _): id
    default: nil
    }
  }
}
