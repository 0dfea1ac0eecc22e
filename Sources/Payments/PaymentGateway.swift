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

/// A charge as the gateway lists it, regardless of its origin.
public struct GatewayCharge: Sendable, Equatable {
  public enum State: String, Sendable {
    case succeeded, failed, pending
  }
  /// `ch_…`
  public var id: String
  /// `pi_…`: what the ledger keeps as the attempt's gateway id.
  public var payment: String?
  /// From the metadata; `nil` if the charge is not ours or does not say so.
  public var invoice: String?
  public var attempt: Int?
  public var amountMinor: Int64
  public var refundedMinor: Int64
  public var currency: String
  public var state: State
  /// By the gateway's clock.
  public var createdAt: Instant?

  /// Money was charged and not refunded.
  public var isTaken: Bool { state == .succeeded && refundedMinor < amountMinor }

  public init(
    id: String, payment: String?, invoice: String?, attempt: Int?, amountMinor: Int64,
    refundedMinor: Int64 = 0, currency: String, state: State, createdAt: Instant? = nil
  ) {
    self.id = id
    self.payment = payment
    self.invoice = invoice
    self.attempt = attempt
    self.amountMinor = amountMinor
    self.refundedMinor = refundedMinor
    self.currency = currency
    self.state = state
    self.createdAt = createdAt
  }
}

public struct GatewayChargePage: Sendable, Equatable {
  public var charges: [GatewayCharge]
  public var hasMore: Bool

  public init(charges: [GatewayCharge], hasMore: Bool) {
    self.charges = charges
    self.hasMore = hasMore
  }
}

public typealias ChargeListing =
  @Sendable (_ since: Instant, _ after: String?) async throws -> GatewayChargePage

/// Why the gateway's charges could not be listed. Without them nothing is proved.
public enum GatewayListFault: Error, Equatable, CustomStringConvertible {
  case unauthorized(status: Int)
  case unreachable(String)
  case unreadable(String)
  /// A gateway that is not asked for lists.
  case unlisted

  public var description: String {
    switch self {
    case .unauthorized(let status): "the payment gateway rejects our key: status \(status)"
    case .unreachable(let why) where why.hasPrefix("the payment gateway"): why
    case .unreachable(let why): "the payment gateway cannot be reached: \(why)"
    case .unreadable(let why): "the payment gateway's list of charges cannot be read: \(why)"
    case .unlisted: "this payment gateway cannot list its charges"
    }
  }
}

/// Charges that name an invoice in their metadata, regardless of their origin.
public enum GatewayPayments: Sendable, Equatable {
  case made([GatewayCharge])
  /// Not known: neither a decline nor a success.
  case unanswered(GatewayAnswer)
}
