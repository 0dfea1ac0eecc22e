import Billing

/// Accounts of a close that wait for a person, each with the decision that put it there.
struct ParkedQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case account = "a.id"
    case invoice = "i.id"
    case rule = "d.rule"
    case why = "d.explanation"
    case decidedAt = "d.decided_at"
  }

  func accounts(_ period: Period, limit: Int) throws -> [ParkedAccount] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM close_members m JOIN accounts a ON a.key = m.account
      LEFT JOIN invoices i
        ON i.account = m.account AND i.period = m.period AND i.status <> 'void'
      LEFT JOIN decisions d ON d.sequence = (
        SELECT max(x.sequence) FROM decisions x WHERE x.account = m.account AND x.account <> 0
          AND x.period = m.period AND x.service IN ('charger', 'invoicer'))
      WHERE m.period = ? AND m.ended = 'parked' ORDER BY m.place LIMIT ?
      """, [period.stored, limit], of: Column.self
    ) { row in
      ParkedAccount(
        account: row[.account], invoice: row[.invoice], rule: row[.rule] ?? "",
        why: row[.why] ?? "", at: Instant(stored: row[.decidedAt]))
    }
  }
}
