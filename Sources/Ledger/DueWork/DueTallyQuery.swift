import Billing

/// Work for later of a period's invoices, counted by what it is.
struct DueTallyQuery {
  let database: any SQLSession
  let period: Period

  private enum Column: String, ColumnList {
    case service = "d.service"
    case kind = "d.kind"
    case count = "count(*)"
    case overdue = "CAST(sum(CASE WHEN d.due_at <= ? THEN 1 ELSE 0 END) AS bigint)"
    case firstAt = "min(d.due_at)"
  }

  func tallies(at now: Instant) throws -> [DueTally] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM due_work d JOIN invoices i ON i.key = d.invoice
      WHERE i.period = ? AND d.state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2
      """, [now.milliseconds, period.stored], of: Column.self
    ) { row in
      DueTally(
        service: try row.word(.service), kind: try row.word(.kind), count: row[.count],
        overdue: row[.overdue], firstAt: Instant(milliseconds: row[.firstAt]))
    }
  }
}
