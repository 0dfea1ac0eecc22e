import Billing

/// The payment gateway as the charger uses it: charging, and looking up the outcome of a charge.
///
/// A value of closures, so that a simulated gateway fits without a protocol.
public struct PaymentGateway: Sendable {
  /// Charges once per `key`. The same request with the same key gets the same answer as the first
  /// time, as long as the gateway knows the key (24 hours).
  public var charge: @Sendable (ChargeRequest) async -> GatewayAnswer
  /// What the gateway knows of this attempt, by invoice and attempt in its metadata.
  ///
  /// `notFound` means that the search index does not have it. The index of a real gateway may be
  /// minutes behind, so `notFound` proves that nothing was charged only once the attempt is older
  /// than that; while the key lives, send again with the same key instead.
  public var find: @Sendable (ChargeRequest) async -> GatewayLookup
  /// A page of all charges made since then, newest first, by any program; `after` is the id of the
  /// last charge of the previous page. Throws a `GatewayListFault`.
  public var list: ChargeListing
  /// Every succeeded charge with this invoice in its metadata, whatever its amount and attempt.
  /// Charges made within the last minute may be missing.
  public var payments: @Sendable (_ invoice: String) async -> GatewayPayments
  /// Which gateway it is, without its key.
  public var address: String
  /// Whether it has answered with the idempotency key of a request: then a repetition of the same
  /// request is harmless.
  public var keepsKeys: @Sendable () -> Bool
  /// Closes connections; calls in progress end as `unknown`.
  public var shutdown: @Sendable () async -> Void

  public init(
    charge: @escaping @Sendable (ChargeRequest) async -> GatewayAnswer,
    find: @escaping @Sendable (ChargeRequest) async -> GatewayLookup,
    list: @escaping ChargeListing = { _, _ in throw GatewayListFault.unlisted },
    payments: @escaping @Sendable (_ invoice: String) async -> GatewayPayments = { _ in
      .made([])
    },
    address: String = "", keepsKeys: @escaping @Sendable () -> Bool = { true },
    shutdown: @escaping @Sendable () async -> Void = {}
  ) {
    self.charge = charge
    self.find = find
    self.list = list
    self.payments = payments
    self.address = address
    self.keepsKeys = keepsKeys
    self.shutdown = shutdown
  }
}

/// One attempt to charge an invoice. Two requests with the same `key` are equal in all that the
/// gateway compares.
public struct ChargeRequest: Sendable, Equatable {
  public var invoice: String
  public var account: String
  public var period: Period
  /// From 1.
  public var attempt: Int
  /// Sent as `Idempotency-Key`.
  public var key: String
  public var amountMinor: Int64
  public var currency: Currency
  /// The gateway's name for the card; `cus_…/pm_…` when the gateway keeps cards by customer.
  public var paymentMethod: String
  /// When the attempt was recorded; not sent.
  public var createdAt: Instant
  /// The trace this call belongs to, sent as a header.
  public var traceparent: String?

  var traceID: Substring? { traceparent?.split(separator: "-").dropFirst().first }

  public init(
    invoice: String, account: String, period: Period, attempt: Int, key: String,
    amountMinor: Int64, currency: Currency, paymentMethod: String, createdAt: Instant,
    traceparent: String? = nil
  ) {
    self.invoice = invoice
    self.account = account
    self.period = period
    self.attempt = attempt
    self.key = key
    self.amountMinor = amountMinor
    self.currency = currency
    self.paymentMethod = paymentMethod
    self.createdAt = createdAt
    self.traceparent = traceparent
  }
}

extension ChargeRequest {
  /// The amount as the gateway counts it.
  var gatewayNumber: Int64? { GatewayCurrencies.stripe.number(for: amountMinor, currency) }
}
