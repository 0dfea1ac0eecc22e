import FoundationEssentials

/// An answer over HTTP, whole and bounded, before it is understood.
struct GatewayReply: Sendable {
  var status: Int
  var retryAfter: String?
  var body: [UInt8]

  /// The table from HTTP status to outcome for a charge.
  func answer(to request: ChargeRequest) -> GatewayAnswer {
    switch status {
    case 200:
      guard let intent = decoded(PaymentIntentReply.self) else {
        return .implausible("the answer is not the JSON of a payment")
      }
      return intent.answer(to: request)
    case 402: return declined(request)
    case 400: return rejection
    case 401, 403: return .unauthorized("status \(status)")
    case 409: return .inProgress
    case 429: return .throttled(retryAfterSeconds: retryAfterSeconds)
    // Nothing the gateway says by itself; whether it was reached is not known.
    case 404, 405, 408, 425, 500...599: return .unknown("status \(status)")
    default: return .implausible("status \(status) is none of this gateway")
    }
  }

  private func declined(_ request: ChargeRequest) -> GatewayAnswer {
    guard let error = decoded(GatewayErrorReply.self)?.error, error.type == "card_error" else {
      return .implausible("status 402 without a card_error")
    }
    guard let intent = error.paymentIntent else { return error.decline(gatewayID: nil) }
    guard intent.isAbout(request) else {
      return .implausible("a decline of another payment")
    }
    return error.decline(gatewayID: intent.id)
  }

  /// Only the gateway's own word is certain. A 400 without it is what an HTTP server says to a
  /// request that was cut off on its way.
  private var rejection: GatewayAnswer {
    guard let error = decoded(GatewayErrorReply.self)?.error else {
      return .unknown("status \(status) without an error of the gateway's")
    }
    // Codes only: the gateway's sentences may repeat what we sent.
    var text = "status \(status), \(GatewayText.code(error.type))"
    if let code = error.code { text += ", \(GatewayText.code(code))" }
    if let param = error.param { text += ", parameter \(GatewayText.code(param))" }
    return .rejected(text)
  }

  private var retryAfterSeconds: Int? {
    retryAfter.flatMap { Int($0) }.map { min(max($0, 0), 3_600) }
  }

  func decoded<Reply: Decodable>(_ type: Reply.Type) -> Reply? {
    // Broken JSON is an answer like another here: the caller says what it means.
    try? JSONDecoder().decode(type, from: Data(body))
  }
}
