import Billing

/// How an account stands to the close of a month.
public enum CloseStanding: Sendable, Equatable {
  /// It is in it, or would be if the close were started now.
  case member
  /// It came after the start, and would be in it if it were started now.
  case late
  /// Its first day is after the month, and it has no usage that the close bills.
  case notBegun
  /// Its last day is before the month, and it has no usage that the close bills.
  case ended
}

/// Accounts that are not in a close and would be, were it started now.
public struct LateAccounts: Sendable, Equatable {
  public var count: Int
  /// Those with usage of the month that no invoice contains.
  public var withUsage: Int
  /// The first of them, by id.
  public var first: [String]

  public init(count: Int = 0, withUsage: Int = 0, first: [String] = []) {
    self.count = count
    self.withUsage = withUsage
    self.first = first
  }
}

extension LedgerStore {
  /// The facts by which a trigger of this period would be judged now.
  public func startFacts(_ period: Period) async throws -> StartFacts {
    try await read(.tables) { database in
      if let run = try RunRows(database).run(period) {
        let late = try Membership(database: database, period: period).lateCount(in: run)
        return StartFacts(isStarted: true, late: late)
      }
      return try StartQuery(database: database).facts(period)
    }
  }

  /// Accounts imported after the period's close was started, `limit` of them by id. None if there
  /// is no close.
  public func lateAccounts(_ period: Period, limit: Int) async throws -> LateAccounts {
    try await read(.tables) { database in
      if try RunRows(database).run(period) == nil { return LateAccounts() }
      return try Membership(database: database, period: period).late(limit: limit)
    }
  }

  /// How these accounts stand to the period's close; unknown ones are left out.
  public func closeStanding(
    _ period: Period, of accounts: [String]
  ) async throws -> [String: CloseStanding] {
    try await readKeyed(accounts) {
      try Membership(database: $0, period: period, among: accounts).standing
    }
  }
}

/// What a trigger is judged by. Asked once for a close that is not there yet.
struct StartQuery {
  let database: any SQLSession

  func facts(_ period: Period) throws -> StartFacts {
    let membership = try Membership(database: database, period: period)
    let firstCatalogAt = try database.integer(
      "SELECT min(stored_at) FROM catalogs WHERE \(CatalogQuery.prices("?"))",
      [period.stored])
    let firstPriced = try database.integer("SELECT min(valid_from) FROM catalogs")
    let hasUsage = try database.flag(
      "SELECT EXISTS (SELECT 1 FROM usage_sums WHERE period <= ?)", [period.stored])
    return StartFacts(
      isStarted: false, hasCatalog: firstCatalogAt != nil,
      firstPriced: try firstPriced.map { try Period(stored: Int($0)) },
      accounts: try membership.count(), zones: try membership.zones(), hasUsage: hasUsage,
      firstCatalogAt: firstCatalogAt.map { Instant(milliseconds: $0) })
  }
}

/// Which accounts belong to the close of a month: defined only here.
///
/// An account belongs if it is a customer on any day of the month, or has usage that no invoice
/// contains and that this close bills. Days are counted by the calendar, so no time zone matters.
struct Membership {
  let database: any SQLSession
  let period: Period

  /// Of `accounts a`.
  private let belongs: String
  /// The same without those that are in the close already.
  private let comesLate: String

  /// `among`: where only these accounts are asked for.
  init(database: any SQLSession, period: Period, among: [String]? = nil) throws {
    self.database = database
    self.period = period
    let (first, next) = (period.firstDay.stored, period.next.firstDay.stored)
    let usage = UsageToBill(
      database: database, period: period,
      isInactive: "(a.start_date >= \(next) OR a.end_date <= \(first))", among: among)
    belongs = """
      (((a.start_date IS NULL OR a.start_date < \(next))
          AND (a.end_date IS NULL OR a.end_date > \(first)))
        OR \(try usage.condition()))
      """
    comesLate = """
      \(belongs) AND NOT EXISTS (
        SELECT 1 FROM close_members m WHERE m.period = \(period.stored) AND m.account = a.key)
      """
  }

  func count() throws -> Int {
    Int(try database.integer("SELECT count(*) FROM accounts a WHERE \(belongs)") ?? 0)
  }

  /// Each of them once.
  func zones() throws -> [String] {
    try database.texts(
      "SELECT DISTINCT a.time_zone FROM accounts a WHERE \(belongs) ORDER BY 1")
  }

  /// Makes them the close's, in order of id, at the places from `place` on. How many there are.
  func enter(from place: Int) throws -> Int {
    try database.runCounting(
      """
      INSERT INTO close_members (period, account, place)
      SELECT CAST(?1 AS bigint), a.key, CAST(?2 AS bigint) + row_number() OVER (ORDER BY a.id) - 1
      FROM accounts a WHERE \(comesLate)
      """, [period.stored, place])
  }

  // MARK: Those that came after the start

  /// The accounts a trigger adds: none once the close is finished.
  func lateCount(in run: CloseRun) throws -> Int {
    guard run.state == .running else { return 0 }
    return Int(try database.integer("SELECT count(*) FROM accounts a WHERE \(comesLate)") ?? 0)
  }

  private enum LateColumn: String, ColumnList {
    case all = "count(*)"
    case withUsage =
      "count((SELECT 1 FROM unbilled_periods u WHERE u.account = a.key AND u.period = ?1))"
  }

  func late(limit: Int) throws -> LateAccounts {
    var late = LateAccounts()
    late.first = try database.texts(
      "SELECT a.id FROM accounts a WHERE \(comesLate) ORDER BY a.id LIMIT ?", [limit])
    if late.first.isEmpty { return late }
    let counts = try database.first(
      "SELECT \(LateColumn.sql) FROM accounts a WHERE \(comesLate)", [period.stored],
      of: LateColumn.self
    ) { (all: $0[.all] as Int, withUsage: $0[.withUsage] as Int) }
    (late.count, late.withUsage) = counts ?? (0, 0)
    return late
  }

  private enum StandingColumn: String, ColumnList {
    case isMember = "is_member"
    case belongs
    case isStarted = "is_started"
    case hasEnded = "has_ended"
  }

  /// `nil`: there is no such account.
  func standing(of account: String) throws -> CloseStanding? {
    let isInClose = "SELECT 1 FROM close_members m WHERE m.period = ?1 AND m.account = a.key"
    return try database.first(
      """
      SELECT \(StandingColumn.sql) FROM (
        SELECT (\(isInClose)) IS NOT NULL AS is_member, \(belongs) AS belongs,
          (SELECT 1 FROM close_runs r WHERE r.period = ?1) IS NOT NULL AS is_started,
          CASE WHEN a.end_date <= ?2 THEN 1 ELSE 0 END AS has_ended
        FROM accounts a WHERE a.id = ?3) AS found
      """, [period.stored, period.firstDay.stored, account], of: StandingColumn.self
    ) { row in
      let belongs: Bool = row[.belongs]
      if row[.isMember] || belongs && !row[.isStarted] { return .member }
      return belongs ? .late : row[.hasEnded] ? .ended : .notBegun
    }
  }
}
