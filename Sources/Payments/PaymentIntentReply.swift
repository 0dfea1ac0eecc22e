import Billing

/// A PaymentIntent as the gateway describes it: only what is needed to trust it.
struct PaymentIntentReply: Decodable, Equatable {
  var object: String
  var id: String
  var amount: Int64
  var amountReceived: Int64?
  var currency: String
  var status: String
  var created: Int64?
  var metadata: [String: String]?
  var lastPaymentError: GatewayErrorReply.Detail?

  enum CodingKeys: String, CodingKey {
    case object, id, amount, currency, status, created, metadata
    case amountReceived = "amount_received"
    case lastPaymentError = "last_payment_error"
  }

  func isAbout(_ request: ChargeRequest) -> Bool {
    metadata?["invoice"] == request.invoice && metadata?["attempt"] == String(request.attempt)
  }

  /// Whether this is the form in which the gateway describes a payment.
  var isPayment: Bool {
    object == "payment_intent" && id.hasPrefix("pi_") && GatewayText.isID(id)
  }

  /// The answer, once it is certain to be about this charge.
  func answer(to request: ChargeRequest) -> GatewayAnswer {
    if let difference = difference(from: request) { return .implausible(difference) }
    switch status {
    case "succeeded":
      guard amountReceived == amount else {
        return .implausible("amount_received is not the amount of a succeeded payment")
      }
      return .succeeded(gatewayID: id)
    case "requires_payment_method":
      // The state after a decline; without a decline it was never charged, for an unknown reason.
      guard let error = lastPaymentError else {
        return .unknown("the payment is waiting for a payment method, without a decline")
      }
      return error.decline(gatewayID: id)
    case "requires_action":
      // We requested off_session, so there is nobody to complete this authentication.
      return .declined(gatewayID: id, code: "authentication_required")
    case "canceled":
      return .declined(gatewayID: id, code: "canceled")
    case "processing", "requires_confirmation":
      return .unknown("the payment is \(status)")
    default:
      return .implausible("the payment is in a state we never request")
    }
  }

  private func difference(from request: ChargeRequest) -> String? {
    if metadata?["invoice"] != request.invoice { return "metadata.invoice is not our invoice" }
    if metadata?["account"] != request.account { return "metadata.account is not our account" }
    if metadata?["attempt"] != String(request.attempt) { return "metadata.attempt is not ours" }
    if amount != request.gatewayNumber {
      let expected = request.gatewayNumber.map(String.init) ?? "none"
      return "amount is \(amount), expected \(expected)"
    }
    if currency.uppercased() != request.currency.code {
      return "currency is not \(request.currency.code)"
    }
    return nil
  }
}

/// Texts from outside that go into the ledger, logs and mails.
enum GatewayText {
  static func isID(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && isWord(text)
  }

  /// A code of the gateway, or a word for an invalid one.
  static func code(_ text: String?) -> String {
    guard let text, (1...64).contains(text.utf8.count), isWord(text) else { return "unrecognized" }
    return text
  }

  private static func isWord(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
    }
  }
}

/// One page of a search for payments.
struct GatewaySearchReply: Decodable {
  var data: [PaymentIntentReply]
  var hasMore: Bool
  var nextPage: String?

  enum CodingKeys: String, CodingKey {
    case data
    case hasMore = "has_more"
    case nextPage = "next_page"
  }
}

extension [PaymentIntentReply] {
  /// The combined result of the payments found for one attempt. There should be at most one; a
  /// succeeded one outranks a newer failed one, and two succeeded ones are for a person to look at.
  func lookup(for request: ChargeRequest) -> GatewayLookup {
    guard allSatisfy(\.isPayment) else { return .unknown("the search returned a non-payment") }
    guard allSatisfy({ $0.isAbout(request) }) else {
      return .unknown("the search returned payments for another invoice")
    }
    let succeeded = filter { $0.status == "succeeded" }
    if succeeded.count > 1 {
      return .found(.implausible("\(succeeded.count) succeeded payments for one attempt"))
    }
    guard let best = succeeded.first ?? self.max(by: { ($0.created ?? 0) < ($1.created ?? 0) })
    else { return .notFound }
    return .found(best.answer(to: request))
  }
}

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
      return .declined(gatewayID: gatewayID, code: GatewayText.code(declineCode ?? code))
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
