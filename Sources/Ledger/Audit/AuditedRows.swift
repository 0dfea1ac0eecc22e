import Billing

/// An attempt to charge, with what was posted for it.
public struct AuditedAttempt: Sendable, Equatable {
  public var invoice: String
  public var number: Int
  public var key: String
  public var amountMinor: Int64
  public var currency: Currency
  public var state: AttemptState
  public var gatewayID: String?
  /// The card that was charged, where it is known.
  public var paymentMethod: String?
  public var createdAt: Instant
  public var settledAt: Instant?
  /// The transaction that posted it, and what that took from the gateway.
  public var posted: Posted?
  /// Work of the charger's on this invoice is still to come.
  public var hasDueWork: Bool

  public struct Posted: Sendable, Equatable {
    public var sequence: Int64
    public var amountMinor: Int64

    public init(sequence: Int64, amountMinor: Int64) {
      self.sequence = sequence
      self.amountMinor = amountMinor
    }
  }

  public init(
    invoice: String, number: Int, key: String, amountMinor: Int64, currency: Currency,
    state: AttemptState, gatewayID: String?, paymentMethod: String? = nil, createdAt: Instant,
    settledAt: Instant?, posted: Posted?, hasDueWork: Bool
  ) {
    self.invoice = invoice
    self.number = number
    self.key = key
    self.amountMinor = amountMinor
    self.currency = currency
    self.state = state
    self.gatewayID = gatewayID
    self.paymentMethod = paymentMethod
    self.createdAt = createdAt
    self.settledAt = settledAt
    self.posted = posted
    self.hasDueWork = hasDueWork
  }
}

/// A mail as an audit needs it.
public struct AuditedMail: Sendable, Equatable {
  /// The left side.
  public var messageID: String
  public var state: MailRecord.State
  /// Sent under an intent of before: its receiver may have it twice.
  public var isResent: Bool
  /// Suppressed or refused after a sending without a known end: its receiver may have it.
  public var isPerhapsSent: Bool

  public init(
    messageID: String, state: MailRecord.State, isResent: Bool, isPerhapsSent: Bool = false
  ) {
    self.messageID = messageID
    self.state = state
    self.isResent = isResent
    self.isPerhapsSent = isPerhapsSent
  }
}
