import Billing

/// What an audit reads from a ledger. Nothing here writes, and nothing relies on the ledger's own
/// rules: each question is answered from the rows as they are. Figures that belong together come
/// from one read; between two reads the ledger may move, so an audit reads the position before and
/// after.
public protocol AuditReading: Sendable {
  /// The number of the newest transaction; 0 in an empty ledger.
  func position() async throws -> Int64
  /// Whether the entries balance, per transaction and per currency.
  func balanceTally() async throws -> BalanceTally
  /// Invoices of a period: twice for one account, or with another amount than was posted.
  func invoiceTally(_ period: Period) async throws -> InvoiceTally
  /// Every attempt on the period's invoices, by invoice and number.
  func auditedAttempts(_ period: Period) async throws -> [AuditedAttempt]
  /// Charges that were posted though no attempt on any invoice says that it succeeded.
  func chargesWithoutAttempt() async throws -> Violations
  /// Which end each account of the close has, and whether the books say the same.
  func memberTally(_ period: Period) async throws -> MemberTally
  /// Messages that were answered, posted or recorded more than once.
  func repetitionTally() async throws -> RepetitionTally
  /// Whether every message that a service answered was committed, or is a trigger.
  func consumptionTally() async throws -> ConsumptionTally
  /// Message-IDs (left sides) of a period's mails about events that were never committed.
  func unfoundedMails(_ period: Period) async throws -> Violations
  /// Who made what, over the whole ledger.
  func authorship() async throws -> [Provenance]
  /// What each account owed before the period's first invoice, and what came of it since.
  func conservation(_ period: Period) async throws -> [ConservationTally]
  /// Sums of the entries that belong to the period's invoices, of transactions up to `position`.
  func entrySums(_ period: Period, upTo position: Int64) async throws -> [EntrySum]
  func auditedMails(_ period: Period) async throws -> [AuditedMail]
  /// Which of these Message-IDs (left sides) the ledger has, of any period.
  func knownMessageIDs(_ ids: [String]) async throws -> Set<String>
  /// Events of the period, or of none, with these routing keys, and those among them that
  /// `service` has not answered.
  func deliveryTally(
    _ period: Period, to service: ServiceName, routingKeys: [String]
  ) async throws -> DeliveryTally
  /// The bodies under which events of these ids were committed.
  func committedBodies(_ ids: [String]) async throws -> [String: [[UInt8]]]
}
