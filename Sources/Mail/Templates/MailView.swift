import Billing

/// The contents of a mail: the ledger's figures at the time of sending. Each kind of mail uses the
/// fields it needs.
public struct MailView: Sendable, Equatable {
  public var account: String
  public var name: String
  /// Dates are shown in this time zone.
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
  /// The part already charged to the card when the mail is written.
  public var chargedMinor: Int64 = 0
  /// The part of the open amount that will be charged to the card.
  public var toChargeMinor: Int64
  /// The amount that was paid or declined.
  public var amountMinor: Int64 = 0
  /// When a declined card is tried again; `nil` if it is not.
  public var nextAttemptAt: Instant?
  /// When payment of the invoice is due.
  public var dueAt: Instant?
  /// A decline code, `insufficient_funds`.
  public var reason: String?

  /// Set if the account has ended by the end of the invoice's month; for the invoice mail.
  public var ending: Ending?

  public struct Ending: Sendable, Equatable {
    public enum Kind: Sendable {
      /// The invoice for the month that contains the last day.
      case final
      /// An invoice for a later month, for usage only.
      case usageAfterFinal
      /// The month was invoiced before this end date was set, or the invoice is empty.
      case unknownThen
    }
    public var kind: Kind
    public var lastDay: CivilDate
    /// The last day has passed.
    public var isOver: Bool

    public init(kind: Kind, lastDay: CivilDate, isOver: Bool) {
      self.kind = kind
      self.lastDay = lastDay
      self.isOver = isOver
    }
  }

  /// How the open amount will be paid, according to the ledger when the mail is written.
  public enum Payment: Sendable, Equatable {
    /// The customer pays it, by bank transfer or because the card will not be charged.
    case manual
    case willBeCharged
    /// The card was declined and is tried again at `nextAttemptAt`.
    case isTriedAgain
    /// The amount is below the payment gateway's minimum.
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
