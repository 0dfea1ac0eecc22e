import Billing

/// A range of a close that is announced once more, for accounts that were taken in again.
public struct RangeAgain: Sendable, Equatable {
  public var number: Int
  /// 2 for the second time it is announced.
  public var attempt: Int
}

/// What another trigger added: accounts that were parked for lack of a catalog.
public struct TakenIn: Sendable, Equatable {
  public var accounts: Int
  /// To be published next.
  public var events: [StoredEvent]

  public init(accounts: Int = 0, events: [StoredEvent] = []) {
    self.accounts = accounts
    self.events = events
  }
}

/// Accounts of a close that were parked because it had no catalog in their currency.
public struct LackingCatalog: Sendable, Equatable {
  /// How many are kept by name.
  public static let mostNames = 5

  public var currency: String
  public var accounts: Int
  /// The first of them.
  public var first: [String]
  /// The catalog that prices the month now; `nil`: there is none yet.
  public var version: Int?
}

extension LedgerStore {
  /// Adds accounts of a running close again that were parked for lack of a catalog, if the close
  /// has one now: their end is undone, and the events that `announce` makes of their ranges are
  /// recorded. A finished close adds nothing. `range`: only this range.
  public func takeIn(
    _ request: RunRequest, range: Int?,
    announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    guard let probe else { return try await takenIn(request, range, announce) }
    return try await probe.takingIn(request) { try await takenIn(request, range, announce) }
  }

  private func takenIn(
    _ request: RunRequest, _ range: Int?,
    _ announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    let isAnybodyThere = try await connections.read { database in
      try !TakingIn(database: database, request: request, range: range).candidates().isEmpty
    }
    if !isAnybodyThere { return TakenIn() }
    return try await connections.write { database in
      try TakingIn(database: database, request: request, range: range).run(announce)
    }
  }

  /// Accounts of the close that have no invoice because it had no catalog, by currency.
  public func lackingCatalog(_ period: Period) async throws -> [LackingCatalog] {
    try await read(.tables) {
      try LackingCatalogQuery(database: $0, period: period).all()
    }
  }
}

/// Accounts of a running close that were parked for lack of a catalog, once there is one: their end
/// is undone, and their ranges are announced again.
///
/// The decision that parked an account stays; it answered the range's first event. The new event
/// has an id of its own, so the account is decided on anew, and since an account has one invoice
/// of a period, whichever event is worked, or worked again, it is invoiced once.
struct TakingIn {
  let database: any SQLSession
  let request: RunRequest
  /// `nil`: of every range.
  var range: Int?

  private typealias Member = (account: String, key: Int64, place: Int, isFinished: Bool)

  func run(
    _ announce: (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) throws -> TakenIn {
    let seen = Set(try candidates())
    if seen.isEmpty { return TakenIn() }
    // In the order used everywhere: accounts, counters, runs.
    try database.lockAccounts(seen.sorted())
    try RunOpening(database: database, request: request).lock()
    guard let run = try runningRun() else { return TakenIn() }
    let members = try members().filter { seen.contains($0.account) }
    if members.isEmpty { return TakenIn() }
    try database.runMany(
      """
      UPDATE close_members SET ended = NULL, milestones = 0
      WHERE period = ? AND account = ? AND ended = 'parked'
      """, members.map { [request.period.stored, $0.key] })
    try database.run(
      "UPDATE close_runs SET finished = finished - ? WHERE period = ?",
      [members.count { $0.isFinished }, request.period.stored])
    let ranges = Set(members.map { $0.place / run.rangeSize }).sorted()
    return TakenIn(
      accounts: members.count, events: try ranges.map { try announced($0, of: run, announce) })
  }

  /// The accounts that would be added.
  func candidates() throws -> [String] { try members().map(\.account) }

  /// It cannot be ended before this transaction ends.
  private func runningRun() throws -> CloseRun? {
    guard let run = try RunRows(database).lockedRun(request.period), run.state == .running else {
      return nil
    }
    return run
  }

  private enum MemberColumn: String, ColumnList {
    case account = "a.id"
    case key = "a.key"
    case place = "m.place"
    case isFinished

    var sql: String { self == .isFinished ? Milestone.areAllReached : rawValue }
  }

  private func members() throws -> [Member] {
    guard let run = try RunRows(database).run(request.period), run.state == .running else {
      return []
    }
    let ranges = range.map { $0..<$0 + 1 } ?? 0..<run.ranges
    return try database.all(
      """
      SELECT \(MemberColumn.sql)
      \(LackingCatalogQuery.members)
        AND (SELECT 1 FROM run_catalogs r
          WHERE r.period = m.period AND r.currency = a.currency) IS NOT NULL
        AND m.place >= ? AND m.place < ?
      ORDER BY m.place
      """,
      [
        request.period.stored, ranges.lowerBound * run.rangeSize, ranges.upperBound * run.rangeSize,
      ], of: MemberColumn.self
    ) { row in
      (
        account: row[.account], key: row[.key], place: row[.place],
        isFinished: row[.isFinished]
      )
    }
  }

  private func announced(
    _ number: Int, of run: CloseRun, _ announce: (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) throws -> StoredEvent {
    let last = try database.text(
      """
      SELECT e.id FROM close_ranges r JOIN outgoing_events e ON e.sequence = r.event
      WHERE r.period = ? AND r.number = ?
      """, [run.period.stored, number])
    let event = try announce(
      run, RangeAgain(number: number, attempt: Self.attempt(of: last ?? "") + 1))
    let answer = AnswerKey(
      service: .invoicer, messageID: request.messageID, account: AnswerKey.noAccount)
    let stored = try EventRows(database).record(event, of: answer, at: request.at)
    try database.run(
      "UPDATE close_ranges SET event = ?, done = 0 WHERE period = ? AND number = ?",
      [stored.sequence, run.period.stored, number])
    return stored
  }

  /// 1 for `close.range:2026-11:3`, 2 for `close.range:2026-11:3:2`.
  private static func attempt(of id: String) -> Int {
    let parts = id.split(separator: ":")
    return parts.count > 3 ? Int(parts[3]) ?? 1 : 1
  }
}

/// Accounts of a close that were parked because it had no catalog in their currency.
struct LackingCatalogQuery {
  let database: any SQLSession
  let period: Period

  /// Follows a list of columns; takes the period. What the invoicer decided on last counts.
  static let members = """
    FROM close_members m JOIN accounts a ON a.key = m.account
    WHERE m.period = ? AND m.ended = 'parked'
      AND (\(InvoiceOfMonth.select(account: "m.account", period: "m.period"))) IS NULL
      AND (SELECT d.rule FROM decisions d WHERE d.account = m.account AND d.account <> 0
        AND d.period = m.period AND d.service = 'invoicer'
        ORDER BY d.sequence DESC LIMIT 1) = 'invoice.no-catalog'
    """

  private enum Column: String, ColumnList {
    case currency = "a.currency"
    case accounts = "count(*)"
  }

  func all() throws -> [LackingCatalog] {
    let found = try database.all(
      "SELECT \(Column.sql) \(Self.members) GROUP BY a.currency ORDER BY a.currency",
      [period.stored], of: Column.self
    ) { (currency: $0[.currency] as String, accounts: $0[.accounts] as Int) }
    return try found.map { currency, accounts in
      let first = try database.texts(
        "SELECT a.id \(Self.members) AND a.currency = ? ORDER BY m.place LIMIT ?",
        [period.stored, currency, LackingCatalog.mostNames])
      let version = try database.integer(
        """
        SELECT max(c.version) FROM catalogs c WHERE c.currency = ?1
          AND c.version = \(CatalogQuery.version(in: "?1", pricing: "?2"))
        """, [currency, period.stored])
      return LackingCatalog(
        currency: currency, accounts: accounts, first: first, version: version.map { Int($0) })
    }
  }
}
