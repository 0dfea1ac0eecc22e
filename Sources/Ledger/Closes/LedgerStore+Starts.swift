import Billing

extension LedgerStore {
  public func startFacts(_ period: Period) async throws -> StartFacts {
    try await connections.read(.tables) { database in
      if let run = try RunRows(database).run(period) {
        let late = try Membership(database: database, period: period).lateCount(in: run)
        return StartFacts(isStarted: true, late: late)
      }
      return try StartQuery(database: database).facts(period)
    }
  }

  public func lateAccounts(_ period: Period, limit: Int) async throws -> LateAccounts {
    try await connections.read(.tables) { database in
      if try RunRows(database).run(period) == nil { return LateAccounts() }
      return try Membership(database: database, period: period).late(limit: limit)
    }
  }

  public func closeStanding(
    _ period: Period, of accounts: [String]
  ) async throws -> [String: CloseStanding] {
    try await connections.read { database in
      let membership = try Membership(database: database, period: period, among: accounts)
      let standings = try database.collect(accounts, membership.standing)
      return zip(accounts, standings).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  public func usageOutside(_ asked: [DatedUsage]) async throws -> [UsageOutside] {
    if asked.isEmpty { return [] }
    return try await connections.read { database in
      try database.collect(asked, UsageOutsideQuery(database: database).usage)
    }
  }

  public func triggers(of period: Period) async throws -> [TriggerRecord] {
    try await connections.read { try TriggerRows($0).all(of: period) }
  }

  public func unbilledUsage(
    before first: Period, after last: Period
  ) async throws -> [UnclosedUsage] {
    try await connections.read { database in
      try database.all(
        """
        SELECT \(UnclosedColumn.sql) FROM unbilled_periods u WHERE u.period < ? OR u.period > ?
        GROUP BY u.period ORDER BY u.period
        """, [first.stored, last.stored], UnclosedColumn.usage)
    }
  }

  public func unclosedUsage(before period: Period) async throws -> [UnclosedUsage] {
    try await connections.read { database in
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
