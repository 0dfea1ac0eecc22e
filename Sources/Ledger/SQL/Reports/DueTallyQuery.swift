import Billing

/// Work for later of a period's invoices, counted by what it is.
struct DueTallyQuery {
  let database: any SQLSession
  let period: Period

  func tallies(at now: Instant) throws -> [DueTally] {
    try database.all(
      """
      SELECT d.service, d.kind, count(*),
        CAST(sum(CASE WHEN d.due_at <= ? THEN 1 ELSE 0 END) AS bigint), min(d.due_at)
      FROM due_work d JOIN invoices i ON i.key = d.invoice
      WHERE i.period = ? AND d.state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2
      """, [now.milliseconds, period.stored]
    ) { row in
      DueTally(
        service: try row.word(0), kind: try row.word(1), count: row[2], overdue: row[3],
        firstAt: Instant(milliseconds: row[4]))
    }
  }
}
