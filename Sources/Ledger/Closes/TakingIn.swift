import Billing

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
    _ = try database.integer(
      "SELECT finished FROM close_runs WHERE period = ? \(database.dialect.forUpdate)",
      [request.period.stored])
    guard let run = try RunRows(database).run(request.period), run.state == .running else {
      return nil
    }
    return run
  }

  private enum MemberColumn: String, ColumnList {
    case account = "a.id"
    case key = "a.key"
    case place = "m.place"
    case isFinished = "m.milestones & 15 = 15"
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
