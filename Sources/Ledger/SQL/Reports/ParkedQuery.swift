import Billing

/// Accounts of a close that wait for a person, each with the decision that put it there.
struct ParkedQuery {
  let database: any SQLSession

  func accounts(_ period: Period, limit: Int) throws -> [ParkedAccount] {
    try database.all(
      """
      SELECT a.id, i.id, d.rule, d.explanation, d.decided_at
      FROM close_members m JOIN accounts a ON a.key = m.account
      LEFT JOIN invoices i
        ON i.account = m.account AND i.period = m.period AND i.status <> 'void'
      LEFT JOIN decisions d ON d.sequence = (
        SELECT max(x.sequence) FROM decisions x WHERE x.account = m.account AND x.account <> 0
          AND x.period = m.period AND x.service IN ('charger', 'invoicer'))
      WHERE m.period = ? AND m.ended = 'parked' ORDER BY m.place LIMIT ?
      """, [period.stored, limit]
    ) { row in
      ParkedAccount(
        account: row[0], invoice: row[1], rule: row[2] ?? "", why: row[3] ?? "",
        at: Instant(stored: row[4]))
    }
  }
}
