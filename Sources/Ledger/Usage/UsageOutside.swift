import Billing

/// Usage of months in which an account is not a customer on every day.
public struct DatedUsage: Sendable, Equatable {
  public var account: String
  public var periods: [Period]
  public var start: Instant?
  public var end: Instant?

  public init(account: String, periods: [Period], start: Instant?, end: Instant?) {
    self.account = account
    self.periods = periods
    self.start = start
    self.end = end
  }
}

/// How many events of it began before the account did, and how many when it had ended.
public struct UsageOutside: Sendable, Equatable {
  public var beforeStart: Int
  public var afterEnd: Int

  public init(beforeStart: Int = 0, afterEnd: Int = 0) {
    self.beforeStart = beforeStart
    self.afterEnd = afterEnd
  }

  public var isNone: Bool { beforeStart == 0 && afterEnd == 0 }
}

extension LedgerStore {
  /// Usage that lies outside of the dates of its account, in order.
  public func usageOutside(_ asked: [DatedUsage]) async throws -> [UsageOutside] {
    try await readEach(asked) { UsageOutsideQuery(database: $0).usage }
  }
}

/// Events of an account that lie outside of its dates.
struct UsageOutsideQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case beforeStart = "count(CASE WHEN u.starts_at < ?2 THEN 1 END)"
    case afterEnd = "count(CASE WHEN u.starts_at >= ?3 THEN 1 END)"
  }

  func usage(_ asked: DatedUsage) throws -> UsageOutside {
    if asked.periods.isEmpty { return UsageOutside() }
    let periods = SQLList.of(asked.periods.map(\.stored))
    return try database.first(
      """
      SELECT \(Column.sql)
      FROM usage u JOIN accounts a ON a.key = u.account
      WHERE a.id = ?1 AND u.period IN (\(periods))
      """,
      [
        asked.account, asked.start?.milliseconds ?? Int64.min,
        asked.end?.milliseconds ?? Int64.max,
      ], of: Column.self
    ) { UsageOutside(beforeStart: $0[.beforeStart], afterEnd: $0[.afterEnd]) } ?? UsageOutside()
  }
}
