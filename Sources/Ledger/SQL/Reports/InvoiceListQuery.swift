import Billing

/// Invoices as finance asks for them.
struct InvoiceListQuery {
  let database: any SQLSession

  func invoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) throws -> [ListedInvoice] {
    try database.all(
      """
      SELECT \(InvoiceColumns.sql), a.id, i.net_minor, i.tax_minor
      FROM invoices i JOIN accounts a ON a.key = i.account
      WHERE i.period = ? AND i.number > ? AND (CAST(? AS text) IS NULL OR i.status = ?)
      ORDER BY i.number LIMIT ?
      """, [period.stored, number, status?.rawValue, status?.rawValue, limit]
    ) { row in
      try InvoiceColumns.facts(row, from: 0, account: row[9]).map {
        ListedInvoice(facts: $0, netMinor: row[10], taxMinor: row[11])
      }
    }.compactMap { $0 }
  }

  func postings(on invoice: String) throws -> [InvoicePosting] {
    try database.all(
      """
      SELECT t.posted_at, t.kind, t.reference, e.amount_minor FROM invoices i
      JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
      JOIN transactions t ON t.sequence = e.sequence
      WHERE i.id = ? ORDER BY t.sequence, e.line
      """, [invoice]
    ) { row in
      InvoicePosting(
        at: Instant(milliseconds: row[0]), kind: try row.word(1), reference: row[2],
        amountMinor: row[3])
    }
  }
}
