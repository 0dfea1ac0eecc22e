import Billing

/// A month that nobody has closed and that has usage no invoice contains.
public struct UnclosedUsage: Sendable, Equatable {
  public var period: Period
  public var accounts: Int

  public init(period: Period, accounts: Int) {
    self.period = period
    self.accounts = accounts
  }
}

extension LedgerStore {
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
}

private enum UnclosedColumn: String, ColumnList {
  case period = "u.period"
  case accounts = "count(*)"

  static func usage(_ row: Record<Self>) throws -> UnclosedUsage {
    UnclosedUsage(period: try Period(stored: row[.period]), accounts: row[.accounts])
  }
}
