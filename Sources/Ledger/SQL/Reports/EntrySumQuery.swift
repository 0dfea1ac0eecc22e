import Billing

/// Which entries belong to a period's invoices, summed by kind and account. An invoice's own
/// postings belong to it by reference, a charge by its attempt's key, whole; of payments and
/// credits, which may be spread over several invoices, the entries on the period's invoices.
struct EntrySumQuery {
  let database: any SQLSession
  let period: Period
  let position: Int64

  func sums() throws -> [EntrySum] {
    try Self.sources.flatMap { source in
      try database.all(
        """
        SELECT i.currency, t.kind, e.ledger_account, \(WideSum.sql("e.amount_minor")),
          count(DISTINCT t.sequence)
        FROM invoices i \(source)
        WHERE i.period = ? AND i.status <> 'void' AND t.sequence <= ?
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """, [period.stored, position]
      ) { row in
        EntrySum(
          currency: try Currency(row[0] as String), kind: try row.word(1), ledgerAccount: row[2],
          amountMinor: try WideSum.value(row, 3), transactions: row[5])
      }
    }
  }

  private static let sources = [
    """
    JOIN transactions t ON t.account = i.account AND t.kind IN ('invoice', 'creditApplied')
      AND t.reference = i.id
    JOIN entries e ON e.sequence = t.sequence
    """,
    """
    JOIN attempts p ON p.invoice = i.key
    JOIN transactions t ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
    JOIN entries e ON e.sequence = t.sequence
    """,
    """
    JOIN entries e ON e.invoice = i.key
    JOIN transactions t ON t.sequence = e.sequence
      AND t.kind IN ('payment', 'creditGrant', 'paymentReversal', 'creditReversal')
    """,
  ]
}
