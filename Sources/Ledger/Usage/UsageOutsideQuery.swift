import Billing

/// Events of an account that lie outside of its dates.
struct UsageOutsideQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case beforeStart = "count(CASE WHEN u.starts_at < ?2 THEN 1 END)"
    case afterEnd = "count(CASE WHEN u.starts_at >= ?3 THEN 1 END)"
  }

  func usage(_ asked: DatedUsage) throws -> UsageOutside {
    if asked.periods.isEmpty { return UsageOutside() }
    let periods = asked.periods.map { "\($0.stored)" }.joined(separator: ", ")
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
