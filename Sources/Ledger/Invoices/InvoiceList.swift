import Billing

/// An invoice in a list: with its net amount and its tax, without its lines.
public struct ListedInvoice: Sendable, Equatable {
  public var facts: InvoiceFacts
  public var netMinor: Int64
  public var taxMinor: Int64

  public init(facts: InvoiceFacts, netMinor: Int64, taxMinor: Int64) {
    self.facts = facts
    self.netMinor = netMinor
    self.taxMinor = taxMinor
  }
}

/// What one transaction did to an invoice's open amount.
public struct InvoicePosting: Sendable, Equatable {
  public var at: Instant
  public var kind: Transaction.Kind
  /// Of the payment or the credit, or the key of the attempt to charge.
  public var reference: String
  /// Below zero: less is open.
  public var amountMinor: Int64

  public init(at: Instant, kind: Transaction.Kind, reference: String, amountMinor: Int64) {
    self.at = at
    self.kind = kind
    self.reference = reference
    self.amountMinor = amountMinor
  }
}

extension LedgerStore {
  /// The period's invoices by number, those after `number`, at most `limit`; `nil`: of any status.
  public func listedInvoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) async throws -> [ListedInvoice] {
    try await read { database in
      try InvoiceListQuery(database: database).invoices(
        period, status: status, after: number, limit: limit)
    }
  }

  /// What moved an invoice's open amount, in order: its issue first.
  public func postings(on invoice: String) async throws -> [InvoicePosting] {
    try await read { try InvoiceListQuery(database: $0).postings(on: invoice) }
  }
}

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
