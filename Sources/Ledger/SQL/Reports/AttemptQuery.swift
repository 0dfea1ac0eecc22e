import Billing

struct AttemptQuery {
  let database: any SQLSession

  /// In one pass over the attempts' own order.
  func attempts(_ period: Period) throws -> [AuditedAttempt] {
    try database.all(
      """
      SELECT i.id, p.number, p.key, p.amount_minor, p.currency, p.state, p.gateway_id,
        p.created_at, p.settled_at, t.sequence,
        (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS bigint) FROM entries e
          WHERE e.sequence = t.sequence AND e.ledger_account = 'gateway_clearing'),
        EXISTS (SELECT 1 FROM due_work d
          WHERE d.invoice = p.invoice AND d.service = 'charger' AND d.state = 'pending'),
        p.payment_method
      FROM attempts p \(database.dialect.orderedJoin) invoices i ON i.key = p.invoice
      LEFT JOIN transactions t
        ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      WHERE i.period = ? ORDER BY p.invoice, p.number
      """, [period.stored], Self.attempt)
  }

  private static func attempt(_ row: Row) throws -> AuditedAttempt {
    let sequence: Int64? = row[9]
    return AuditedAttempt(
      invoice: row[0], number: row[1], key: row[2], amountMinor: row[3],
      currency: try Currency(row[4] as String), state: try row.word(5), gatewayID: row[6],
      paymentMethod: row[12],
      createdAt: Instant(milliseconds: row[7]), settledAt: Instant(stored: row[8]),
      posted: sequence.map { .init(sequence: $0, amountMinor: row[10]) }, hasDueWork: row[11])
  }

  func chargesWithoutAttempt() throws -> Offenders {
    try database.offenders(
      """
      SELECT 'transaction ' || t.sequence FROM transactions t
      WHERE t.kind = 'charge' AND NOT EXISTS (
        SELECT 1 FROM attempts p WHERE p.key = t.reference AND p.state = 'succeeded')
      ORDER BY t.sequence
      """)
  }
}
