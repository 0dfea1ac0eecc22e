import Billing

public enum RunState: String, Sendable, Codable {
  case running, closed
}

/// A close of one period: its expected set was fixed when the trigger was handled.
public struct CloseRun: Sendable, Equatable {
  public var period: Period
  public var state: RunState
  public var requestedBy: String
  public var startedAt: Instant
  public var closedAt: Instant?
  public var expected: Int
  public var ranges: Int
  public var rangeSize: Int

  public init(
    period: Period, state: RunState, requestedBy: String, startedAt: Instant, closedAt: Instant?,
    expected: Int, ranges: Int, rangeSize: Int
  ) {
    self.period = period
    self.state = state
    self.requestedBy = requestedBy
    self.startedAt = startedAt
    self.closedAt = closedAt
    self.expected = expected
    self.ranges = ranges
    self.rangeSize = rangeSize
  }
}

/// How far an account of a close's expected set has come.
public struct Milestone: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let invoiced = Milestone(rawValue: 1)
  public static let settled = Milestone(rawValue: 2)
  public static let invoiceMailed = Milestone(rawValue: 4)
  public static let outcomeMailed = Milestone(rawValue: 8)
  public static let all: Milestone = [.invoiced, .settled, .invoiceMailed, .outcomeMailed]
  /// Nothing was charged, or the charge waits for a person: no mail will follow.
  public static let settledSilently: Milestone = [.settled, .outcomeMailed]
}

extension Milestone {
  /// All of them are reached, as a condition on `close_members m`.
  static let areAllReached = "m.milestones & \(all.rawValue) = \(all.rawValue)"
  /// The account is through: they are, and it has an end.
  static let isFinished = "m.ended IS NOT NULL AND \(areAllReached)"
}

/// The one state every account of a close ends in.
public enum AccountEnd: String, Sendable, CaseIterable {
  case paid, nothingDue, awaitingPayment, retryScheduled, held, parked
}

extension LedgerStore {
  public func run(_ period: Period) async throws -> CloseRun? {
    try await read { try RunRows($0).run(period) }
  }

  public func runs() async throws -> [CloseRun] {
    try await read { try RunRows($0).all() }
  }

  /// Whether every expected account of the period is finished. Cheap: asked once a second.
  public func isFinished(_ period: Period) async throws -> Bool {
    try await read { database in
      try database.flag(
        "SELECT finished = expected FROM close_runs WHERE period = ?", [period.stored])
    }
  }
}

struct RunRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private enum Column: String, ColumnList {
    case period, state
    case requestedBy = "requested_by"
    case startedAt = "started_at"
    case closedAt = "closed_at"
    case expected, ranges
    case rangeSize = "range_size"
  }

  private static let sql = "SELECT \(Column.sql) FROM close_runs"

  func run(_ period: Period) throws -> CloseRun? {
    try database.first("\(Self.sql) WHERE period = ?", [period.stored], decoded)
  }

  /// No other transaction changes it until this one ends.
  func lockedRun(_ period: Period) throws -> CloseRun? {
    try database.first(
      "\(Self.sql) WHERE period = ? \(database.dialect.forUpdate)", [period.stored], decoded)
  }

  func all() throws -> [CloseRun] {
    try database.all("\(Self.sql) ORDER BY period", [], decoded)
  }

  private func decoded(_ row: Record<Column>) throws -> CloseRun {
    CloseRun(
      period: try Period(stored: row[.period]), state: try row.word(.state),
      requestedBy: row[.requestedBy], startedAt: Instant(milliseconds: row[.startedAt]),
      closedAt: Instant(stored: row[.closedAt]), expected: row[.expected],
      ranges: row[.ranges], rangeSize: row[.rangeSize])
  }
}

extension Checks {
  func closing(_ period: Period, _ expected: Int?) throws -> StaleReason? {
    guard let run = try book.run(period) else {
      throw LedgerRefusal("the close of \(period) was never started")
    }
    if run.finished != run.expected { return .accountsUnfinished(run.expected - run.finished) }
    let added = run.expected - (expected ?? run.expected)
    return added == 0 ? nil : .accountsAdded(added)
  }
}

extension Writing {
  /// A range that was announced again is done when its last event is answered.
  func rangeDone(_ period: Period, _ number: Int) throws {
    try database.run(
      """
      UPDATE close_ranges SET done = 1 WHERE period = ?1 AND number = ?2 AND coalesce(
        (SELECT e.sequence FROM outgoing_events e WHERE e.id = ?3 AND e.service = ?4), event, 0)
        >= coalesce(event, 0)
      """, [period.stored, number, change.messageID, change.service.rawValue])
  }

  /// Its checks found it finished. Adding an account again meanwhile keeps it open.
  func closeRun(_ period: Period) throws {
    // What this batch has finished is written at its end.
    let added = try book.run(period)?.added ?? 0
    let closed = try database.runCounting(
      """
      UPDATE close_runs SET state = 'closed', closed_at = ?
      WHERE period = ? AND state = 'running' AND finished + ? = expected
      """, [change.at.milliseconds, period.stored, added])
    if closed > 0 { return }
    guard try RunRows(database).run(period)?.state == .closed else {
      throw LedgerRefusal("an account was added to \(period) again, so it is not closed yet")
    }
  }

  /// The one way back from paid: its payment was taken back.
  func oweAgain(_ accountID: String, _ period: Period) throws {
    guard let account = try book.account(accountID),
      let member = try book.member(account, period), member.ended == .paid
    else { return }
    member.ended = .awaitingPayment
    member.isChanged = true
  }

  static let invoiceOfMonth = InvoiceOfMonth.select(account: "?", period: "?")

  /// What is paid stays paid, and what is held stays held until it is paid: word of an earlier
  /// state may arrive late. So may word that an account is parked, which is all milestones at once
  /// and no end: it counts for nothing once the account was taken in again, or has its invoice.
  func progress(
    _ accountID: String, _ period: Period, _ reached: Milestone, _ end: AccountEnd?
  ) throws {
    guard let account = try book.account(accountID) else { return }
    guard let member = try book.member(account, period) else { return }
    if reached == .all && end == nil {
      guard member.ended == .parked else { return }
      if try database.integer(Self.invoiceOfMonth, [account.key, period.stored]) != nil { return }
    }
    let wasFinished = member.isFinished
    let isKept = member.ended == .paid || (member.ended == .held && end != .paid)
    let ended = isKept ? member.ended : end ?? member.ended
    let reached = member.reached.union(reached)
    if reached == member.reached && ended == member.ended { return }
    member.reached = reached
    member.ended = ended
    member.isChanged = true
    if !wasFinished && member.isFinished { try book.countFinished(period) }
  }
}
