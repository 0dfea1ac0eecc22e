import FoundationEssentials
import JSON

/// An HTTP answer, complete and bounded, before it is interpreted.
package struct GatewayReply: Sendable {
  var status: Int
  /// How long the other end asks us to wait.
  var retryAfterSeconds: Int?
  /// It repeats the idempotency key of its request.
  var repeatsKey: Bool
  var body: [UInt8]

  package init(
    status: Int, retryAfterSeconds: Int? = nil, repeatsKey: Bool = false, body: [UInt8]
  ) {
    self.status = status
    self.retryAfterSeconds = retryAfterSeconds
    self.repeatsKey = repeatsKey
    self.body = body
  }

  /// The table from an answer to what it means for a charge (docs/gateway.md).
  ///
  /// Only an answer that is provably the gateway's own and final ends an attempt. Anything else may
  /// come from something in between: it is unknown, so the attempt is looked up and then retried
  /// under the same key.
  package func answer(to request: ChargeRequest) -> GatewayAnswer {
    switch status {
    case 200: return payment(request)
    case 402: return declined(request)
    case 400: return rejection
    case 401, 403: return refusedKey
    case 409: return .inProgress
    case 429: return .throttled(retryAfterSeconds: retryAfterSeconds)
    case 503: return unavailable
    case 404, 405, 408, 425, 500...599: return .unknown("status \(status)")
    default: return .unknown("status \(status) is not a final answer from this gateway")
    }
  }

  private func payment(_ request: ChargeRequest) -> GatewayAnswer {
    guard let intent = decoded(PaymentIntentReply.self), intent.isPayment else {
      return .unknown("status 200 without the JSON of a payment")
    }
    return intent.answer(to: request)
  }

  private func declined(_ request: ChargeRequest) -> GatewayAnswer {
    guard let error = ownError, error.type == "card_error" else {
      return .unknown("status 402 without the gateway's card_error")
    }
    guard let intent = error.paymentIntent else { return error.decline(gatewayID: nil) }
    guard intent.isAbout(request) else {
      return .implausible("a decline for another payment")
    }
    return error.decline(gatewayID: intent.id)
  }

  /// Only the gateway's own error is certain. A 400 without it is how an HTTP server answers a
  /// request that was cut off on the way, and one about the key means that the key was used before.
  private var rejection: GatewayAnswer {
    guard let error = ownError else {
      return .unknown("status 400 without the gateway's error")
    }
    // Codes only: the gateway's messages may repeat what we sent.
    var text = "status \(status), \(GatewayText.code(error.type))"
    if let code = error.code { text += ", \(GatewayText.code(code))" }
    if let param = error.param { text += ", parameter \(GatewayText.code(param))" }
    if error.code == "resource_missing", error.param == "payment_method" {
      text += ": it does not know the account's payment_method"
    }
    return error.type == "invalid_request_error" ? .rejected(text) : .unknown(text)
  }

  /// A proxy also answers 403; that does not mean that the gateway rejects our key.
  var refusedKey: GatewayAnswer {
    if ownError != nil { return .unauthorized("status \(status)") }
    return .unreachable(
      "status \(status) without the gateway's error: something in front of it answered")
  }

  private var unavailable: GatewayAnswer {
    retryAfterSeconds == nil
      ? .unknown("status 503") : .throttled(retryAfterSeconds: retryAfterSeconds)
  }

  var isOwnError: Bool { ownError != nil }

  /// The error in the gateway's own form.
  private var ownError: GatewayErrorReply.Detail? {
    guard let error = decoded(GatewayErrorReply.self)?.error, error.type != nil else { return nil }
    return error
  }

  /// If an object has a key twice, two readers could disagree about the amount, so such an answer
  /// proves nothing.
  func decoded<Reply: Decodable>(_ type: Reply.Type) -> Reply? {
    do {
      _ = try JSONScanner.scan(body)
      return try JSONDecoder().decode(type, from: Data(body))
    } catch {
      return nil  // Broken JSON is an answer like any other: the caller decides what it means.
    }
  }
}
