import Billing

/// Which accounts belong to the close of a month: the one place that says so.
struct Membership {
  let database: any SQLSession
  let period: Period

  /// Of `accounts a`.
  private static let belongs = "a.closed = 0"
  /// The same without those that are in the close already; `?1` is the period.
  private static let comesLate = """
    \(belongs) AND NOT EXISTS (
      SELECT 1 FROM close_members m WHERE m.period = ?1 AND m.account = a.key)
    """

  func count() throws -> Int {
    Int(try database.integer("SELECT count(*) FROM accounts a WHERE \(Self.belongs)") ?? 0)
  }

  /// Each of them once.
  func zones() throws -> [String] {
    try database.all(
      "SELECT DISTINCT a.time_zone FROM accounts a WHERE \(Self.belongs) ORDER BY 1"
    ) { $0[0] }
  }

  /// Makes them the close's, in order of id, at the places from `place` on. How many there are.
  func enter(from place: Int) throws -> Int {
    try database.runCounting(
      """
      INSERT INTO close_members (period, account, place)
      SELECT CAST(?1 AS bigint), a.key, CAST(?2 AS bigint) + row_number() OVER (ORDER BY a.id) - 1
      FROM accounts a WHERE \(Self.comesLate)
      """, [period.stored, place])
  }

  // MARK: Those that came after the start

  /// Those whom a trigger takes in: nobody, once the close is closed.
  func lateCount(in run: CloseRun) throws -> Int {
    guard run.state == .running else { return 0 }
    return Int(
      try database.integer(
        "SELECT count(*) FROM accounts a WHERE \(Self.comesLate)", [period.stored]) ?? 0)
  }

  func late(limit: Int) throws -> LateAccounts {
    var late = LateAccounts()
    late.first = try database.all(
      "SELECT a.id FROM accounts a WHERE \(Self.comesLate) ORDER BY a.id LIMIT ?2",
      [period.stored, limit]
    ) { $0[0] }
    if late.first.isEmpty { return late }
    let counts = try database.first(
      """
      SELECT count(*), count((
        SELECT 1 FROM unbilled_periods u WHERE u.account = a.key AND u.period = ?1))
      FROM accounts a WHERE \(Self.comesLate)
      """, [period.stored]
    ) { (all: $0[0] as Int, withUsage: $0[1] as Int) }
    (late.count, late.withUsage) = counts ?? (0, 0)
    return late
  }

  func isLate(_ account: String) throws -> Bool {
    try database.integer(
      "SELECT 1 FROM accounts a WHERE a.id = ?2 AND \(Self.comesLate)", [period.stored, account])
      != nil
  }
}
