import Billing

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

  /// Usage that lies outside of the dates of its account, in order.
  public func usageOutside(_ asked: [DatedUsage]) async throws -> [UsageOutside] {
    try await readEach(asked) { UsageOutsideQuery(database: $0).usage }
  }

  /// Triggers of the period that were refused, or that started it by way of exception.
  public func triggers(of period: Period) async throws -> [TriggerRecord] {
    try await read { try TriggerRows($0).all(of: period) }
  }

  /// Periods before and after these with usage that no invoice contains, in order.
  public func unbilledUsage(
    before first: Period, after last: Period
  ) async throws -> [UnclosedUsage] {
    try await read { database in
      try database.all(
        """
        SELECT \(UnclosedColumn.sql) FROM unbilled_periods u WHERE u.period < ? OR u.period > ?
        GROUP BY u.period ORDER BY u.period
        """, [first.stored, last.stored], UnclosedColumn.usage)
    }
  }

  /// Earlier periods that nobody has closed, with usage that no invoice contains, in order.
  public func unclosedUsage(before period: Period) async throws -> [UnclosedUsage] {
    try await read { database in
      try database.all(
        """
        SELECT \(UnclosedColumn.sql) FROM unbilled_periods u WHERE u.period < ?
          AND NOT EXISTS (SELECT 1 FROM close_runs r WHERE r.period = u.period)
        GROUP BY u.period ORDER BY u.period
        """, [period.stored], UnclosedColumn.usage)
    }
  }
}

private enum UnclosedColumn: String, ColumnList {
  case period = "u.period"
  case accounts = "count(*)"

  static func usage(_ row: Record<Self>) throws -> UnclosedUsage {
    UnclosedUsage(period: try Period(stored: row[.period]), accounts: row[.accounts])
  }
}
