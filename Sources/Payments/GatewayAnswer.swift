/// The outcome of an attempt, as far as the answer shows it. Texts carry no card data and no
/// secret.
public enum GatewayAnswer: Sendable, Equatable {
  /// Charged: our amount, currency and invoice, confirmed by the gateway. `gatewayID` is the id of
  /// the PaymentIntent, of which at most one charge succeeds.
  case succeeded(gatewayID: String)
  /// Declined by the card's bank. What the code means for the card is `DeclinePolicy`.
  case declined(gatewayID: String?, code: String)
  /// 409: another request with this key is being processed. Use the same key, later.
  case inProgress
  /// 429, or 503 with `Retry-After`: not now. Use the same key, later.
  case throttled(retryAfterSeconds: Int?)
  /// It is not known whether it was executed: timeout, reset, 5xx, or an answer that is not
  /// provably the gateway's own. Use the same key while the gateway keeps it, a lookup afterwards.
  case unknown(String)
  /// 401, 403: not executed, and nothing will be until a person changes the key.
  case unauthorized(String)
  /// The other end could not prove that it is the gateway: nothing was sent to it.
  case untrusted(String)
  /// Not made: there was no connection, so nothing was sent, or something in front of the gateway
  /// lets nothing through. Retry the same attempt under the same key once it is back.
  case unreachable(String)
  /// 400 with the gateway's own error: not executed, and never will be in this form.
  case rejected(String)
  /// A complete payment from the gateway that is about something other than this charge. A person
  /// must look.
  case implausible(String)
}

/// The outcome of a lookup. A lookup that cannot be trusted is `unknown`: it changes nothing, so it
/// is simply repeated.
public enum GatewayLookup: Sendable, Equatable {
  case found(GatewayAnswer)
  case notFound
  case unknown(String)
  case unauthorized(String)
  case untrusted(String)
  case unreachable(String)
}
