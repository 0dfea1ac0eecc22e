public enum InvoiceStatus: String, Codable, Sendable, CaseIterable {
  case open, paid, void
}

/// An invoice as the ledger has it now.
public struct InvoiceFacts: Sendable, Equatable {
  public var id: String
  /// Sequential and without gaps, given by the ledger when the invoice is committed.
  public var number: Int64
  public var account: String
  public var period: Period
  public var currency: Currency
  public var totalMinor: Int64
  /// What is still owed of it: the sum of its receivable entries.
  public var openMinor: Int64
  public var status: InvoiceStatus
  public var issuedAt: Instant

  public init(
    id: String, number: Int64, account: String, period: Period, currency: Currency,
    totalMinor: Int64, openMinor: Int64, status: InvoiceStatus, issuedAt: Instant
  ) {
    self.id = id
    self.number = number
    self.account = account
    self.period = period
    self.currency = currency
    self.totalMinor = totalMinor
    self.openMinor = openMinor
    self.status = status
    self.issuedAt = issuedAt
  }
}

/// Where one attempt to charge an invoice stands.
public enum AttemptState: String, Codable, Sendable {
  /// Committed before the first byte left: the gateway may or may not have it.
  case sent
  /// An answer was lost or made no sense; only the gateway knows.
  case unknown
  case succeeded
  /// Declined, another attempt may succeed later (no funds, do not honour).
  case declinedSoft
  /// Declined for good (lost, stolen, closed): never again with this card.
  case declinedHard
  /// The charge was never made: the gateway refused the request as such, or it was looked up after
  /// the gateway forgot the key.
  case lost
  /// Only a person can find out; no further attempt is made until then.
  case parked

  public var isUnsettled: Bool { self == .sent || self == .unknown }
}

extension Attempt {
  /// The code kept with an attempt that the gateway refused as such.
  public static let rejected = "rejected"

  /// Whether no other attempt may follow with this card. A payment that a person cancelled at the
  /// gateway stays so whatever the card.
  public func forbids(_ card: String?) -> Bool {
    guard state == .declinedHard else { return false }
    return paymentMethod == nil || paymentMethod == card || declineCode == "canceled"
  }
}

public struct Attempt: Sendable, Equatable {
  public var invoice: String
  public var account: String
  /// 1, 2, 3 … on this invoice.
  public var number: Int
  /// The idempotency key: a function of invoice and number, stored before the first byte is sent.
  public var key: String
  public var amountMinor: Int64
  public var currency: Currency
  public var state: AttemptState
  /// The gateway's id of the payment (`pi_…`), once known.
  public var gatewayID: String?
  public var declineCode: String?
  /// The gateway's name for the card that was charged; `nil` for attempts of older programs.
  public var paymentMethod: String?
  /// The rule of the charger's table that led to it.
  public var rule: String
  public var createdAt: Instant
  public var settledAt: Instant?

  public init(
    invoice: String, account: String, number: Int, key: String, amountMinor: Int64,
    currency: Currency, state: AttemptState, gatewayID: String? = nil,
    declineCode: String? = nil, paymentMethod: String? = nil, rule: String, createdAt: Instant,
    settledAt: Instant? = nil
  ) {
    self.invoice = invoice
    self.account = account
    self.number = number
    self.key = key
    self.amountMinor = amountMinor
    self.currency = currency
    self.state = state
    self.gatewayID = gatewayID
    self.declineCode = declineCode
    self.paymentMethod = paymentMethod
    self.rule = rule
    self.createdAt = createdAt
    self.settledAt = settledAt
  }
}

/// What the shared balance store says about one account now, and about one of its invoices when a
/// message names one. Every decision is made from a snapshot and this.
public struct AccountFacts: Sendable, Equatable {
  public var account: Account
  /// Grows by one with every posting.
  public var position: Int64
  /// What the customer owes, credit taken off; negative: we owe the customer.
  public var balanceMinor: Int64
  /// Unused customer credit, never negative.
  public var creditMinor: Int64
  /// The invoice an active hold was placed for.
  public var heldForInvoice: String?
  /// Grows with every import of usage for the account.
  public var usageVersion: Int64
  public var invoice: InvoiceFacts?
  /// Attempts on `invoice`, by number.
  public var attempts: [Attempt]

  public init(
    account: Account, position: Int64, balanceMinor: Int64, creditMinor: Int64,
    heldForInvoice: String? = nil, usageVersion: Int64 = 0, invoice: InvoiceFacts? = nil,
    attempts: [Attempt] = []
  ) {
    self.account = account
    self.position = position
    self.balanceMinor = balanceMinor
    self.creditMinor = creditMinor
    self.heldForInvoice = heldForInvoice
    self.usageVersion = usageVersion
    self.invoice = invoice
    self.attempts = attempts
  }
}
