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
  /// Which of these messages this service has answered already (for any account), with the events
  /// it made whose publication is not recorded.
  func answered(_ messageIDs: [String], by service: ServiceName) async throws
    -> [String: [StoredEvent]]
  /// Issued invoices by id, with lines and taxes as they were issued; unknown ones are left out.
  func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice]
  /// The mails of these keys that were recorded already.
  func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord]

  /// The amount of a transaction posted before under this reference: what its money entry (not
  /// receivable, not customer credit) says.
  func posted(_ kind: Transaction.Kind, account: String, reference: String) async throws -> Int64?

  // MARK: Invoicing

  /// The accounts of one range that still have no end and no invoice, in order.
  func uninvoiced(period: Period, range: Int) async throws -> [String]
  /// What is needed to invoice these accounts; `eventMetrics` are the metrics whose single
  /// quantities are needed. Which period usage belongs to is decided when it is imported, by its
  /// start in the account's time zone. Late are all earlier periods with usage that no invoice
  /// contains, whether they were invoiced or not.
  func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts]
  /// The catalogs a run was started with, by currency code.
  func catalogs(for period: Period) async throws -> [String: Catalog]
  /// The newest catalog of each currency.
  func currentCatalogs() async throws -> [String: Catalog]

  // MARK: Change

  /// Commits a batch in one transaction. Checks come before writes, change by change in order; a
  /// change that is not committed leaves nothing behind and does not disturb the others. Also
  /// records that the events numbered `published` were confirmed by the broker.
  func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome]
  /// Fixes the expected set of a period (all accounts that are not closed), cuts it into ranges and
  /// records the events `announce` makes of the run, all in one transaction. A run that exists is
  /// returned as it is; then the events of its unfinished ranges count as unpublished again.
  func openRun(
    _ request: RunRequest, announce: @escaping @Sendable (CloseRun) throws -> [OutgoingEvent]
  ) async throws -> (run: CloseRun, created: Bool, events: [StoredEvent])

  // MARK: Outgoing events and due work

  /// This service's events whose publication is not recorded, oldest first, recorded before
  /// `before`.
  func unpublished(by service: ServiceName, before: Instant, limit: Int) async throws
    -> [StoredEvent]
  /// Takes due work of this service out, in order of time, and records for each the event that
  /// `announce` makes of it from the account's facts, in one transaction.
  func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent]

  // MARK: Import

  /// Matched by id; changed fields are taken over. When a row is refused (the currency of an
  /// account that was billed, an unknown time zone, one id twice with other content), nothing is
  /// kept.
  func importAccounts(_ accounts: [(account: Account, line: Int)], at: Instant) async throws
    -> (count: ImportCount, refused: [RefusedRow])
  /// Pulls rows from `next` until it returns `nil`, all in one transaction. Rows that are refused
  /// (unknown account, known event id with other content) are collected; when there are any and
  /// `skipBad` is false, nothing is kept.
  func importUsage(
    skipBad: Bool, at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?
  ) async throws -> (count: ImportCount, refused: [RefusedRow])
  /// The same version with other content is refused.
  func importCatalog(_ catalog: Catalog, at: Instant) async throws -> ImportCount

  // MARK: Reports

  func run(_ period: Period) async throws -> CloseRun?
  func runs() async throws -> [CloseRun]
  func progress(_ period: Period) async throws -> Progress?
  /// Whether every expected account of the period is finished. Cheap: asked after every batch.
  func isFinished(_ period: Period) async throws -> Bool
  func totals(_ period: Period) async throws -> [FinanceTotals]
  /// How many mails of the period may have been sent twice (`MailRecord.resent`).
  func mailsResent(_ period: Period) async throws -> Int
  func story(of account: String, period: Period?) async throws -> AccountStory?
  /// Ids of accounts after `after` in order, at most `limit`.
  func accountIDs(after: String?, limit: Int) async throws -> [String]

  // MARK: The store itself

  /// Empty when the store is sound; otherwise what is wrong, a line each.
  func problems() async throws -> [String]
  func close() async throws
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
  public var rangeSize: Int
  public var at: Instant

  public init(period: Period, messageID: String, rangeSize: Int, at: Instant) {
    self.period = period
    self.messageID = messageID
    self.rangeSize = rangeSize
    self.at = at
  }
}

/// A fault of the store that is not the program's: each says what is wrong and where.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  case unreachable(String)
  case readOnly(String)
  /// Newer than this program knows, and no longer fit for it.
  case newerSchema(found: Int, known: Int)
  case notInitialized(String)
  case olderSchema(found: Int, needed: Int)
  case full(String)
  case damaged(String)
  case catalogDiffers(currency: String, version: Int)
  case invalid(String)

  public var description: String {
    switch self {
    case .unreachable(let why): "the store cannot be opened: \(why)"
    case .readOnly(let path): "the store \(path) is read-only; services need to write to it"
    case .newerSchema(let found, let known):
      "the store has schema \(found), which programs that know schema \(known) may no longer work "
        + "with: start the newer version of this program, or restore a backup of before"
    case .notInitialized(let path): "\(path) is not a month-close store yet: run `closectl init`"
    case .olderSchema(let found, let needed):
      "the store has schema \(found), this program needs \(needed): run `closectl init`"
    case .full(let path): "no space left for the store \(path)"
    case .damaged(let why): "the store is damaged: \(why)"
    case .catalogDiffers(let currency, let version):
      "catalog \(currency) version \(version) is already stored with other content; "
        + "give the changed catalog a new version"
    case .invalid(let what): "the store refuses: \(what)"
    }
  }
}
