import Billing

/// A page of `GET /v1/charges`.
struct ChargeListReply: Decodable {
  struct Charge: Decodable {
    var id: String
    var amount: Int64
    var amountRefunded: Int64?
    var currency: String
    var status: String
    var paymentIntent: String?
    var metadata: [String: String]?

    enum CodingKeys: String, CodingKey {
      case id, amount, currency, status, metadata
      case amountRefunded = "amount_refunded"
      case paymentIntent = "payment_intent"
    }
  }

  var data: [Charge]
  var hasMore: Bool

  enum CodingKeys: String, CodingKey {
    case data
    case hasMore = "has_more"
  }
}

extension ChargeListReply.Charge {
  /// `nil` when it cannot be believed.
  var charge: GatewayCharge? {
    guard GatewayText.isID(id), amount >= 0, let state = GatewayCharge.State(rawValue: status)
    else { return nil }
    return GatewayCharge(
      id: id, payment: paymentIntent, invoice: metadata?["invoice"],
      attempt: metadata?["attempt"].flatMap { Int($0) }, amountMinor: amount,
      refundedMinor: amountRefunded ?? 0, currency: currency.uppercased(), state: state)
  }
}

extension GatewayForm {
  static func charges(since: Instant, after: String?) -> String {
    var fields = [("limit", "100"), ("created[gte]", String(since.milliseconds / 1000))]
    if let after { fields.append(("starting_after", after)) }
    return encode(fields)
  }
}

extension GatewayClient {
  func list(
    since: Instant, after: String?
  ) async throws(GatewayListFault) -> GatewayChargePage {
    let reply: GatewayReply
    do {
      reply = try await exchange.get(
        "/v1/charges", query: GatewayForm.charges(since: since, after: after),
        largest: GatewayExchange.largestList)
    } catch {
      throw error.listFault
    }
    switch reply.status {
    case 200: break
    case 401, 403: throw .unauthorized(status: reply.status)
    default: throw .unreachable("status \(reply.status)")
    }
    guard let page = reply.decoded(ChargeListReply.self) else {
      throw .unreadable("the answer is not the JSON of a list of charges")
    }
    let charges = page.data.compactMap(\.charge)
    guard charges.count == page.data.count else {
      throw .unreadable("a charge without an id, with a negative amount or an unknown status")
    }
    if page.hasMore && charges.isEmpty {
      throw .unreadable("an empty page that says that more follow")
    }
    return GatewayChargePage(charges: charges, hasMore: page.hasMore)
  }
}

extension GatewayExchange.Fault {
  fileprivate var listFault: GatewayListFault {
    switch self {
    case .oversized: .unreadable("a page is longer than 4 MiB")
    case .untrusted(let why), .lost(let why): .unreachable(why)
    }
  }
}
