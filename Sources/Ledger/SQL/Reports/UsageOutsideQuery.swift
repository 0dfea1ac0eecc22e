import Billing

/// Events of an account that lie outside of its dates.
struct UsageOutsideQuery {
  let database: any SQLSession

  func usage(_ asked: DatedUsage) throws -> UsageOutside {
    if asked.periods.isEmpty { return UsageOutside() }
    let periods = asked.periods.map { "\($0.stored)" }.joined(separator: ", ")
    return try database.first(
      """
      SELECT count(CASE WHEN u.starts_at < ?2 THEN 1 END),
        count(CASE WHEN u.starts_at >= ?3 THEN 1 END)
      FROM usage u JOIN accounts a ON a.key = u.account
      WHERE a.id = ?1 AND u.period IN (\(periods))
      """,
      [
        asked.account, asked.start?.milliseconds ?? Int64.min,
        asked.end?.milliseconds ?? Int64.max,
      ]
    ) { UsageOutside(beforeStart: $0[0], afterEnd: $0[1]) } ?? UsageOutside()
  }
}
