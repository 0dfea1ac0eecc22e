import Billing

/// What a mail tells: the ledger's figures at the time of sending. Each kind of mail uses what it
/// needs.
public struct MailView: Sendable, Equatable {
  public var account: String
  public var name: String
  /// Dates are told in it.
  public var timeZone: String
  public var currency: Currency
  public var payment: Payment
  public var period: Period
  public var invoiceNumber: Int64
  public var lines: [InvoiceLine]
  public var taxes: [TaxTotal]
  public var netMinor: Int64
  public var totalMinor: Int64
  /// Customer credit used on the invoice.
  public var creditAppliedMinor: Int64 = 0
  public var openMinor: Int64
  /// What was taken of it from the card when the mail is written.
  public var chargedMinor: Int64 = 0
  /// What the card will be charged with, of what is open.
  public var toChargeMinor: Int64
  /// What was taken or declined.
  public var amountMinor: Int64 = 0
  /// A declined card is tried again then; `nil`: not again.
  public var nextAttemptAt: Instant?
  /// Until when the invoice has to be paid.
  public var dueAt: Instant?
  /// A decline code, `insufficient_funds`.
  public var reason: String?

  /// Where the account has ended by the end of the invoice's month; for the mail with the invoice.
  public var ending: Ending?

  public struct Ending: Sendable, Equatable {
    public enum Kind: Sendable {
      /// The invoice of the month of its last day.
      case final
      /// Of a later month: for usage alone.
      case usageAfterFinal
      /// The month was invoiced before the account was given this end, or there is nothing on it.
      case unknownThen
    }
    public var kind: Kind
    public var lastDay: CivilDate
    /// The day is past.
    public var isOver: Bool

    public init(kind: Kind, lastDay: CivilDate, isOver: Bool) {
      self.kind = kind
      self.lastDay = lastDay
      self.isOver = isOver
    }
  }

  /// How what is open will be paid, as the ledger has it when the mail is written.
  public enum Payment: Sendable, Equatable {
    /// The customer pays it: by bank transfer, or since the card will not be charged.
    case manual
    case willBeCharged
    /// The card was declined, and is tried again at `nextAttemptAt`.
    case isTriedAgain
    /// The payment gateway takes no amount as small.
    case isTooSmall
  }

  public init(account: Account, draft: InvoiceDraft, invoice: InvoiceFacts) {
    self.account = account.id
    self.name = account.name
    self.timeZone = account.timeZone
    self.currency = invoice.currency
    self.payment = account.collection == .auto ? .willBeCharged : .manual
    self.period = invoice.period
    self.invoiceNumber = invoice.number
    self.lines = draft.lines
    self.taxes = draft.taxes
    self.netMinor = draft.netMinor
    self.totalMinor = invoice.totalMinor
    self.openMinor = invoice.openMinor
    self.toChargeMinor = invoice.openMinor
  }
}
