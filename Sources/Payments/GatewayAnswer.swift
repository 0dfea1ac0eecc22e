/// What an attempt came to, as far as the answer tells. Texts carry no card data and no secret.
public enum GatewayAnswer: Sendable, Equatable {
  /// Taken: our amount, currency and invoice, confirmed by the gateway. `gatewayID` is the id of
  /// the PaymentIntent, of which at most one charge succeeds.
  case succeeded(gatewayID: String)
  /// Refused by the card's bank. `hard`: never again with this card (see `DeclineCode`).
  case declined(gatewayID: String?, code: String, hard: Bool)
  /// 409: another request with this key is in work. The same key, later.
  case inProgress
  /// 429, or 503 with `Retry-After`: not now. The same key, later.
  case throttled(retryAfterSeconds: Int?)
  /// Nobody knows whether it was executed: timeout, reset, 5xx, or an answer that is not provably
  /// the gateway's own. The same key while the gateway keeps it, a lookup after.
  case unknown(String)
  /// 401, 403: not executed, and nothing will be until a person changes the key.
  case unauthorized(String)
  /// The other end could not show that it is the gateway: nothing was sent to it.
  case untrusted(String)
  /// Not made: no connection came about, so nothing was sent; or something before the gateway
  /// lets nobody through. The same attempt under the same key, once it is there again.
  case unreachable(String)
  /// 400 with the gateway's own words: not executed, and never will be in this form.
  case rejected(String)
  /// A whole payment of the gateway's, about something else than this charge. A person must look.
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
  case unreachable(String)
}
