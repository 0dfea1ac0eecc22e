/// What an attempt came to, as far as the answer tells. Texts carry no card data and no secret.
public enum GatewayAnswer: Sendable, Equatable {
  /// Taken: our amount, currency and invoice, confirmed by the gateway. `gatewayID` is the id of
  /// the PaymentIntent, of which at most one charge succeeds.
  case succeeded(gatewayID: String)
  /// Refused by the card's bank. `hard`: never again with this card (see `DeclineCode`).
  case declined(gatewayID: String?, code: String, hard: Bool)
  /// 409: another request with this key is in work. The same key, later.
  case inProgress
  /// 429: not executed. The same key, later.
  case throttled(retryAfterSeconds: Int?)
  /// Nobody knows whether it was executed: timeout, reset, 5xx. The same key while the gateway
  /// keeps it, a lookup after.
  case unknown(String)
  /// 401, 403: not executed, and nothing will be until a person changes the key.
  case unauthorized(String)
  /// The other end could not show that it is the gateway: nothing was sent to it.
  case untrusted(String)
  /// 400: not executed, and never will be in this form: our bug.
  case rejected(String)
  /// An answer that cannot be about this charge, or cannot be read. A person must look.
  case implausible(String)
}

/// What a lookup came to. A lookup that cannot be believed is `unknown`: it changes nothing, so it
/// is simply made again.
public enum GatewayLookup: Sendable, Equatable {
  case found(GatewayAnswer)
  case notFound
  case unknown(String)
  case unauthorized(String)
  case untrusted(String)
}
