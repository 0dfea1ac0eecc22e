import Billing

/// The error object, as a body of its own and as `last_payment_error` of a payment.
struct GatewayErrorReply: Decodable, Equatable {
  struct Detail: Decodable, Equatable {
    var type: String?
    var code: String?
    var declineCode: String?
    var param: String?
    var paymentIntent: Subject?

    enum CodingKeys: String, CodingKey {
      case type, code, param
      case declineCode = "decline_code"
      case paymentIntent = "payment_intent"
    }

    /// `decline_code` is the bank's reason; where there is none, `code` is all there is.
    func decline(gatewayID: String?) -> GatewayAnswer {
      .declined(gatewayID: gatewayID, code: GatewayText.code(declineCode ?? code))
    }
  }

  /// Which payment an error is about.
  struct Subject: Decodable, Equatable {
    var id: String
    var amount: Int64
    var currency: String
    var metadata: [String: String]?

    func isAbout(_ request: ChargeRequest) -> Bool {
      GatewayText.isID(id) && amount == request.gatewayNumber
        && currency.uppercased() == request.currency.code
        && metadata?["invoice"] == request.invoice
        && metadata?["attempt"] == String(request.attempt)
    }
  }

  var error: Detail
}
