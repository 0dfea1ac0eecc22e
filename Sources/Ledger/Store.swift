import Billing

/// Durable truth, shared by all services: the one interface over SQLite and, later, PostgreSQL.
///
/// Every method is one transaction and returns only after its commit is durable. Reads see all
/// commits that were acknowledged before the call. Methods may be called from any task; none blocks
/// Swift's shared threads. One conformance suite holds every implementation to this.
public protocol Store: AuditReading, DeadLetterBook {
  // MARK: Facts, read for a whole batch at once

  /// The facts for each key, in order; `nil` for an account the ledger does not know.
  func facts(for keys: [FactKey]) async throws -> [AccountFacts?]
  /// Invoices of an account that are open, oldest first.
  func openInvoices(of account: String) async throws -> [InvoiceFacts]
  /// An event as it was committed by a service; `nil` for one that never was.
  func event(_ id: String) async throws -> StoredEvent?
  /// What the ledger has of messages that `service` received, in order: whether each was committed,
  /// with these bytes, by the service whose event it is, and whether `service` has answered it.
  func recognise(
    _ messages: [ReceivedMessage], by service: ServiceName
  ) async throws -> [Recognition]
  /// Which of these messages this service has answered already (for any account), with the events
  /// it made whose publication is not recorded.
  func answered(_ messageIDs: [String], by service: ServiceName) async throws
    -> [String: [StoredEvent]]
  /// Issued invoices by id, with lines and taxes as they were issued; unknown ones are left out.
  func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice]
  /// Which of these invoices an account was on hold for once, and is no more.
  func released(_ invoices: [String]) async throws -> Set<String>
  /// The mails of these keys that were recorded already.
  func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord]

  /// The amount of a transaction posted before under this reference: what its money entry (not
  /// receivable, and not customer credit unless that was applied) says.
  func posted(_ kind: Transaction.Kind, account: String, reference: String) async throws -> Int64?

  /// Payments, or credits, that were posted under this reference.
  func incoming(_ kind: Transaction.Kind, reference: String) async throws -> [IncomingPosting]
  /// The account that a payment, or a credit, of this reference was recorded for.
  func owner(of reference: String, _ kind: Transaction.Kind) async throws -> String?
  /// Credit the account used on invoices, the last use first.
  func creditUses(of account: String) async throws -> [CreditUse]

  /// What the ledger has of these charges at the gateway, in order.
  func remembered(_ names: [ChargeName]) async throws -> [RememberedCharge]
  /// Charges of the gateway's that were taken over for these invoices, oldest first.
  func takenOver(of invoices: [String]) async throws -> [String: [FoundCharge]]
  /// The invoices for which these payments were counted.
  func counted(_ payments: [String]) async throws -> [String: String]
  /// Whether this gateway has shown that it knows idempotency keys.
  func keepsKeys(_ gateway: String) async throws -> Bool

  // MARK: Invoicing

  /// The accounts of one range that still have no end and no invoice, in order.
  func uninvoiced(period: Period, range: Int) async throws -> [String]
  /// What is needed to invoice these accounts; `eventMetrics` are the metrics whose single
  /// quantities are needed. The period of usage is decided when it is imported, by its start in the
  /// account's time zone. "Late" are earlier periods with usage on no invoice that can no longer be
  /// invoiced by their own close.
  func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts]
  /// The catalogs a run was started with, by currency code.
  func catalogs(for period: Period) async throws -> [String: Catalog]
  /// The newest catalog of each currency, whichever months it prices.
  func currentCatalogs() async throws -> [String: Catalog]
  /// The catalogs a month is priced with, by currency code: those its close was started with, and
  /// in currencies in which it has none the newest that price the month.
  func catalogs(pricing period: Period) async throws -> [String: Catalog]
  /// The product with which the newest catalog prices a metric that the month's own catalog does
  /// not price, if its id means something else in that month: then no close bills that usage.
  func productInTheWay(
    of metric: String, in currency: String, of period: Period
  ) async throws -> String?

  // MARK: Change

  /// Commits a batch in one transaction. Checks come before writes, change by change in order; a
  /// change that is not committed leaves nothing behind and does not affect the others. Also
  /// records that the broker has confirmed the events numbered `published`.
  func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome]
  /// Asks `decide` whether the period may be closed. If so, fixes its expected set (the accounts
  /// that belong to it), divides it into ranges and records the events that `announce` makes of the
  /// run (those of ranges in their order), all in one transaction. If the run exists, the events
  /// of its unfinished ranges count as unpublished again; while it is running, catalogs are added
  /// for currencies in which it has none, and accounts imported later are added behind the others,
  /// in new ranges, which are announced. Refusals, starts by exception and additions are recorded
  /// with the trigger.
  func openRun(
    _ request: RunRequest, decide: @escaping @Sendable (StartFacts) throws -> StartDecision,
    announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> OpenedRun
  /// Adds accounts of a running close again that were parked for lack of a catalog, if the close
  /// has one now: their end is undone, and the events that `announce` makes of their ranges are
  /// recorded. A finished close adds nothing. `range`: only this range.
  func takeIn(
    _ request: RunRequest, range: Int?,
    announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn
  /// The facts by which a trigger of this period would be judged now.
  func startFacts(_ period: Period) async throws -> StartFacts
  /// Accounts imported after the period's close was started, `limit` of them by id. None if there
  /// is no close.
  func lateAccounts(_ period: Period, limit: Int) async throws -> LateAccounts
  /// How these accounts stand to the period's close; unknown ones are left out.
  func closeStanding(
    _ period: Period, of accounts: [String]
  ) async throws -> [String: CloseStanding]
  /// Usage that lies outside of the dates of its account, in order.
  func usageOutside(_ asked: [DatedUsage]) async throws -> [UsageOutside]

  // MARK: Outgoing events and due work

  /// This service's events whose publication is not recorded, oldest first, recorded before
  /// `before`; with numbers above `sequence`.
  func unpublished(
    by service: ServiceName, before: Instant, after sequence: Int64, limit: Int
  ) async throws -> [StoredEvent]
  /// Takes due work of this service out, in order of time, and records for each the event that
  /// `announce` makes of it from the account's facts, in one transaction.
  func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent]

  /// Due work of this kind that this service has taken out, by reference.
  func takenDue(
    _ references: [String], of kind: EventType, by service: ServiceName
  ) async throws -> [String: DueWork]

  // MARK: Import

  /// Matched by id; changed fields are taken over. Rows are refused for the currency of an account
  /// that was billed, an unknown time zone, an end that is not after the start, one id twice with
  /// other content. Nothing is kept when there are any, or when `keeps`, asked at the end, answers
  /// no.
  func importAccounts(
    _ file: AccountRows, at: Instant,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome
  /// Pulls rows from `next` until it returns `nil`, all in one transaction. Rows that are refused
  /// (unknown account, known event id with other content) are collected, the others are taken in,
  /// and `keeps` is asked at the end whether all that is kept.
  func importUsage(
    at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome
  /// Refused are the same version with other content, and a version that another one is newer than
  /// in every month it prices. `keeps` as above.
  func importCatalog(
    _ catalog: Catalog, at: Instant, keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome

  // MARK: Reports

  func run(_ period: Period) async throws -> CloseRun?
  /// Triggers of the period that were refused, or that started it by way of exception.
  func triggers(of period: Period) async throws -> [TriggerRecord]
  /// Earlier periods that nobody has closed, with usage that no invoice contains, in order.
  func unclosedUsage(before period: Period) async throws -> [UnclosedUsage]
  /// Periods before and after these with usage that no invoice contains, in order.
  func unbilledUsage(before first: Period, after last: Period) async throws -> [UnclosedUsage]
  /// The period's usage that has no price: by the catalog its close was started with, or would be,
  /// or by what the closes of later months settled for it.
  func unpricedUsage(of period: Period) async throws -> UnpricedMetrics
  func runs() async throws -> [CloseRun]
  func progress(_ period: Period) async throws -> Progress?
  /// Whether every expected account of the period is finished. Cheap: asked after every batch.
  func isFinished(_ period: Period) async throws -> Bool
  func totals(_ period: Period) async throws -> [FinanceTotals]
  /// Mails, in the order in which they were decided on.
  func mailList(_ question: MailQuestion) async throws -> [MailRecord]
  /// How many mails of the period are in which state, those that are tried again and those that
  /// were refused by the reason that is recorded.
  func mailCounts(_ period: Period) async throws -> [MailCount]
  /// When a mail was last recorded as sent, of all periods.
  func lastMailSent() async throws -> Instant?
  /// How many mails of the period may have been sent twice (`MailRecord.resent`).
  func mailsResent(_ period: Period) async throws -> Int
  /// Work of before `time` that is still pending, by service: nobody has announced it.
  func overdueWork(before time: Instant) async throws -> [ServiceName: Int]
  /// Accounts that wait for a person, in the close's order.
  func parked(_ period: Period, limit: Int) async throws -> [ParkedAccount]
  /// Accounts of the close that have no invoice because it had no catalog, by currency.
  func lackingCatalog(_ period: Period) async throws -> [LackingCatalog]
  func story(of account: String, period: Period?) async throws -> AccountHistory?
  /// The period's invoices by number, those after `number`, at most `limit`; `nil`: of any status.
  func listedInvoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) async throws -> [ListedInvoice]
  /// What moved an invoice's open amount, in order: its issue first.
  func postings(on invoice: String) async throws -> [InvoicePosting]
  /// Pending work for later of the period's invoices, by service and kind.
  func dueTallies(_ period: Period, at now: Instant) async throws -> [DueTally]
  /// Ids of accounts after `after` in order, at most `limit`.
  func accountIDs(after: String?, limit: Int) async throws -> [String]

  // MARK: The store itself

  /// Empty when the store is sound; otherwise what is wrong, a line each.
  func problems() async throws -> [String]
  /// Whether it can be written to, and is still the store that was opened. Ends within seconds.
  func condition() async -> StoreCondition
  func close() async throws
}

extension Store {
  public func condition() async -> StoreCondition { .usable }

  public func unpublished(
    by service: ServiceName, before: Instant, limit: Int
  ) async throws -> [StoredEvent] {
    try await unpublished(by: service, before: before, after: 0, limit: limit)
  }
}

public enum StoreCondition: Equatable, Sendable {
  case usable
  /// For now.
  case blocked(StoreError)
  /// Under its name there is another one: this program must not go on with what it has.
  case replaced(StoreError)
}

/// An account, and the invoice of it that matters.
public struct FactKey: Hashable, Sendable {
  public var account: String
  public var invoice: String?

  public init(account: String, invoice: String?) {
    self.account = account
    self.invoice = invoice
  }
}

/// An invoice as it was issued, and as it stands now.
public struct IssuedInvoice: Sendable {
  public var draft: InvoiceDraft
  public var facts: InvoiceFacts
  /// Customer credit used on it when it was issued.
  public var creditAppliedMinor: Int64
  /// When its card is tried again; `nil`: no further attempt is scheduled.
  public var nextAttemptAt: Instant?
}

public struct MailKey: Hashable, Sendable {
  public var about: String
  public var account: String
  public var kind: MailKind

  public init(about: String, account: String, kind: MailKind) {
    self.about = about
    self.account = account
    self.kind = kind
  }
}

public struct RunRequest: Sendable {
  public var period: Period
  public var messageID: String
  /// What the trigger says it comes from.
  public var source: String
  public var rangeSize: Int
  public var at: Instant

  public init(
    period: Period, messageID: String, source: String = "/closectl", rangeSize: Int, at: Instant
  ) {
    self.period = period
    self.messageID = messageID
    self.source = source
    self.rangeSize = rangeSize
    self.at = at
  }
}
