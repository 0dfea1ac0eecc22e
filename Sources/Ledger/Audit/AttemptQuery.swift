import Billing

struct AttemptQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case invoice = "i.id"
    case number = "p.number"
    case key = "p.key"
    case amountMinor = "p.amount_minor"
    case currency = "p.currency"
    case state = "p.state"
    case gatewayID = "p.gateway_id"
    case paymentMethod = "p.payment_method"
    case createdAt = "p.created_at"
    case settledAt = "p.settled_at"
    case transaction = "t.sequence"
    case posted = """
      (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS bigint) FROM entries e
        WHERE e.sequence = t.sequence AND e.ledger_account = 'gateway_clearing')
      """
    case hasDueWork = """
      EXISTS (SELECT 1 FROM due_work d
        WHERE d.invoice = p.invoice AND d.service = 'charger' AND d.state = 'pending')
      """
  }

  /// In one pass over the attempts' own order.
  func attempts(_ period: Period) throws -> [AuditedAttempt] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM attempts p \(database.dialect.orderedJoin) invoices i ON i.key = p.invoice
      LEFT JOIN transactions t
        ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      WHERE i.period = ? ORDER BY p.invoice, p.number
      """, [period.stored], Self.attempt)
  }

  private static func attempt(_ row: Record<Column>) throws -> AuditedAttempt {
    let sequence: Int64? = row[.transaction]
    return AuditedAttempt(
      invoice: row[.invoice], number: row[.number], key: row[.key],
      amountMinor: row[.amountMinor], currency: try Currency(row[.currency] as String),
      state: try row.word(.state), gatewayID: row[.gatewayID],
      paymentMethod: row[.paymentMethod], createdAt: Instant(milliseconds: row[.createdAt]),
      settledAt: Instant(stored: row[.settledAt]),
      posted: sequence.map { .init(sequence: $0, amountMinor: row[.posted]) },
      hasDueWork: row[.hasDueWork])
  }

  func chargesWithoutAttempt() throws -> Violations {
    try database.offenders(
      """
      SELECT 'transaction ' || t.sequence FROM transactions t
      WHERE t.kind = 'charge' AND NOT EXISTS (
        SELECT 1 FROM attempts p WHERE p.key = t.reference AND p.state = 'succeeded')
      ORDER BY t.sequence
      """)
  }
}
