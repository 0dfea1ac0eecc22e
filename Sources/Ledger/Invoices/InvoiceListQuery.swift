import Billing

/// Invoices as finance asks for them.
struct InvoiceListQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case account = "a.id"
    case netMinor = "i.net_minor"
    case taxMinor = "i.tax_minor"
  }

  func invoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) throws -> [ListedInvoice] {
    try database.all(
      """
      SELECT \(InvoiceColumns.sql), \(Column.sql)
      FROM invoices i JOIN accounts a ON a.key = i.account
      WHERE i.period = ? AND i.number > ? AND (CAST(? AS text) IS NULL OR i.status = ?)
      ORDER BY i.number LIMIT ?
      """, [period.stored, number, status?.rawValue, status?.rawValue, limit]
    ) { row in
      let more = row.read(Column.self, after: InvoiceColumns.self)
      return try InvoiceColumns.facts(
        row.read(InvoiceColumns.self), account: more[.account]
      ).map { ListedInvoice(facts: $0, netMinor: more[.netMinor], taxMinor: more[.taxMinor]) }
    }.compactMap { $0 }
  }

  private enum PostingColumn: String, ColumnList {
    case postedAt = "t.posted_at"
    case kind = "t.kind"
    case reference = "t.reference"
    case amountMinor = "e.amount_minor"
  }

  func postings(on invoice: String) throws -> [InvoicePosting] {
    try database.all(
      """
      SELECT \(PostingColumn.sql) FROM invoices i
      JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
      JOIN transactions t ON t.sequence = e.sequence
      WHERE i.id = ? ORDER BY t.sequence, e.line
      """, [invoice], of: PostingColumn.self
    ) { row in
      InvoicePosting(
        at: Instant(milliseconds: row[.postedAt]), kind: try row.word(.kind),
        reference: row[.reference], amountMinor: row[.amountMinor])
    }
  }
}
