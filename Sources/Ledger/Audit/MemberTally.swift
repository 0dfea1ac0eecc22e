import Billing

public struct MemberTally: Sendable, Equatable {
  public var members = 0
  /// Members with an end and all milestones.
  public var finished = 0
  public var ends: [AccountEnd: Int] = [:]
  public var unfinished = Violations()
  /// Members whose end contradicts their invoice, with how.
  public var contradicted = Violations()
  /// Members who wait for a next attempt that nobody has scheduled.
  public var withoutRetry = Violations()

  public init() {}
}

extension LedgerStore {
  /// Which end each account of the close has, and whether the books say the same.
  public func memberTally(_ period: Period) async throws -> MemberTally {
    try await read(.tables) { try MemberQuery(database: $0, period: period).tally() }
  }
}

/// The accounts of a close by name, each against its own invoice.
struct MemberQuery {
  let database: any SQLSession
  let period: Period

  private enum Column: String, ColumnList {
    case ended = "m.ended"
    case isThrough
    case count = "count(*)"

    var sql: String { self == .isThrough ? Milestone.areAllReached : rawValue }
  }

  func tally() throws -> MemberTally {
    var tally = MemberTally()
    let groups = try database.all(
      """
      SELECT \(Column.sql) FROM close_members m WHERE m.period = ? GROUP BY 1, 2
      """, [period.stored], of: Column.self
    ) { ($0[.ended] as String?, $0[.isThrough] as Bool, $0[.count] as Int) }
    for (word, isThrough, count) in groups {
      tally.members += count
      guard let end = word.flatMap(AccountEnd.init(rawValue:)) else { continue }
      tally.ends[end, default: 0] += count
      if isThrough { tally.finished += count }
    }
    tally.unfinished = try offenders("NOT (\(Milestone.isFinished))", "a.id")
    tally.contradicted = try offenders(Self.contradiction, Self.contradictionText)
    tally.withoutRetry = try offenders(
      """
      m.ended = 'retryScheduled' AND NOT EXISTS (
        SELECT 1 FROM due_work d WHERE d.invoice = i.key AND d.service = 'charger'
          AND d.state = 'pending')
      """, "a.id")
    return tally
  }

  /// A zero invoice owes nothing; an account that pays, waits or is held has an invoice to pay.
  private static let contradiction = """
    m.ended NOT IN ('paid', 'nothingDue', 'awaitingPayment', 'retryScheduled', 'held', 'parked')
    OR (m.ended IN ('paid', 'nothingDue') AND coalesce(i.open_minor, 0) > 0)
    OR (m.ended IN ('awaitingPayment', 'retryScheduled', 'held')
      AND coalesce(i.open_minor, 0) <= 0)
    OR (m.ended <> 'parked' AND i.key IS NULL)
    """
  private static let contradictionText = """
    a.id || ': ' || m.ended || ', '
      || coalesce('open ' || i.open_minor || ' of ' || i.total_minor, 'no invoice')
    """

  private func offenders(_ condition: String, _ shown: String) throws -> Violations {
    try database.offenders(
      """
      SELECT \(shown) FROM close_members m JOIN accounts a ON a.key = m.account
      LEFT JOIN invoices i
        ON \(InvoiceOfMonth.matches(account: "m.account", period: "m.period"))
      WHERE m.period = ? AND (\(condition)) ORDER BY m.place
      """, [period.stored])
  }
}
