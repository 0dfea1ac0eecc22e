import Billing

/// An invoice as it was issued, and as it stands now.
public struct IssuedInvoice: Sendable {
  public var draft: InvoiceDraft
  public var facts: InvoiceFacts
  /// Customer credit used on it when it was issued.
  public var creditAppliedMinor: Int64
  /// When its card is tried again; `nil`: no further attempt is scheduled.
  public var nextAttemptAt: Instant?
}

extension LedgerStore {
  /// Invoices of an account that are open, oldest first.
  public func openInvoices(of account: String) async throws -> [InvoiceFacts] {
    try await read(about: [account]) { database in
      try database.all(
        """
        SELECT \(InvoiceColumns.sql) FROM invoices i JOIN accounts a ON a.key = i.account
        WHERE a.id = ? AND i.status = 'open' ORDER BY i.issued_at, i.number
        """, [account], of: InvoiceColumns.self
      ) { try InvoiceColumns.facts($0, account: account) }.compactMap { $0 }
    }
  }

  /// Issued invoices by id, with lines and taxes as they were issued; unknown ones are left out.
  public func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice] {
    try await readKeyed(ids) { StoredInvoice(database: $0).find }
  }

  /// Issued invoices by id as they are told to people: without the usage that was billed, which
  /// only later months ask for, and with lines and taxes only where those are wanted.
  public func invoicesToTell(
    _ ids: [String], withLines wanted: Set<String>
  ) async throws -> [String: IssuedInvoice] {
    try await readKeyed(ids) { database in
      let query = StoredInvoice(database: database)
      return { try query.find($0, withLines: wanted.contains($0), withUsage: false) }
    }
  }
}

/// The invoice of an account for a month, in SQL. Account and period are expressions.
enum InvoiceOfMonth {
  /// Of `invoices i`. Their unique index leaves out the status `void`, and is used where a query
  /// does so too. The contract names that status; nothing has ever written it.
  static func matches(account: String, period: String) -> String {
    "i.account = \(account) AND i.period = \(period) AND \(isIndexed)"
  }

  static let isIndexed = "i.status <> 'void'"

  static func select(_ column: String = "1", account: String, period: String) -> String {
    "SELECT \(column) FROM invoices i WHERE \(matches(account: account, period: period)) LIMIT 1"
  }
}

enum InvoiceColumns: String, ColumnList {
  case key = "i.key"
  case id = "i.id"
  case number = "i.number"
  case period = "i.period"
  case currency = "i.currency"
  case totalMinor = "i.total_minor"
  case openMinor = "i.open_minor"
  case status = "i.status"
  case issuedAt = "i.issued_at"

  static let sql = selected()

  /// `nil` where an outer join found none.
  static func facts(_ row: Record<Self>, account: String) throws -> InvoiceFacts? {
    if row.isNull(.key) { return nil }
    return InvoiceFacts(
      id: row[.id], number: row[.number], account: account,
      period: try Period(stored: row[.period]), currency: try Currency(row[.currency] as String),
      totalMinor: row[.totalMinor], openMinor: row[.openMinor], status: try row.word(.status),
      issuedAt: Instant(milliseconds: row[.issuedAt]))
  }
}

/// An issued invoice with its lines and taxes, read back as the draft it was issued from.
struct StoredInvoice {
  let database: any SQLSession

  private struct Head {
    var key: Int64
    var accountKey: Int64
    var facts: InvoiceFacts
    var catalogVersion: Int
    var netMinor: Int64
    var taxMinor: Int64
    var creditAppliedMinor: Int64
    var nextAttemptAt: Instant?
    var days: ActiveDays
  }

  func find(_ id: String) throws -> IssuedInvoice? {
    try find(id, withLines: true, withUsage: true)
  }

  func find(_ id: String, withLines: Bool, withUsage: Bool) throws -> IssuedInvoice? {
    guard let head = try head(id) else { return nil }
    let lines = withLines ? try lines(head.key) : []
    let draft = InvoiceDraft(
      account: head.facts.account, period: head.facts.period, currency: head.facts.currency,
      catalogVersion: head.catalogVersion, lines: lines,
      taxes: withLines ? try taxes(head.key) : [], netMinor: head.netMinor,
      taxMinor: head.taxMinor, totalMinor: head.facts.totalMinor,
      billed: withUsage ? try billed(head, lines) : [], days: head.days)
    return IssuedInvoice(
      draft: draft, facts: head.facts, creditAppliedMinor: head.creditAppliedMinor,
      nextAttemptAt: head.nextAttemptAt)
  }

  private enum HeadColumn: String, ColumnList {
    case account = "a.id"
    case accountKey = "a.key"
    case catalogVersion = "i.catalog_version"
    case netMinor = "i.net_minor"
    case taxMinor = "i.tax_minor"
    case creditAppliedMinor = """
      (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS bigint)
        FROM transactions t JOIN entries e ON e.sequence = t.sequence
        WHERE t.account = i.account AND t.kind = 'creditApplied' AND t.reference = i.id
          AND e.ledger_account = 'customer_credit')
      """
    case nextAttemptAt
    case activeDays = "i.active_days"

    var sql: String { self == .nextAttemptAt ? Self.nextAttempt : rawValue }

    /// Also one that is due and not made yet.
    private static let nextAttempt = """
      (SELECT min(d.due_at) FROM due_work d
        WHERE d.invoice = i.key AND d.service = 'charger' AND d.kind = 'due.charge.v1'
          AND d.state IN ('pending', 'taken')
          AND d.reference = i.id || ':' || \(AttemptColumns.nextNumber(of: "i.key")))
      """
  }

  private static let headByID = """
    SELECT \(InvoiceColumns.sql), \(HeadColumn.sql)
    FROM invoices i JOIN accounts a ON a.key = i.account WHERE i.id = ?
    """

  private func head(_ id: String) throws -> Head? {
    try database.first(Self.headByID, [id]) { row in
      let invoice = row.read(InvoiceColumns.self)
      let head = row.read(HeadColumn.self, after: InvoiceColumns.self)
      guard let facts = try InvoiceColumns.facts(invoice, account: head[.account]) else {
        return nil
      }
      return Head(
        key: invoice[.key], accountKey: head[.accountKey], facts: facts,
        catalogVersion: head[.catalogVersion], netMinor: head[.netMinor],
        taxMinor: head[.taxMinor], creditAppliedMinor: head[.creditAppliedMinor],
        nextAttemptAt: Instant(stored: head[.nextAttemptAt]),
        days: ActiveDays(stored: head[.activeDays], of: facts.period))
    } ?? nil
  }

  private enum LineColumn: String, ColumnList {
    case product, text, quantity, unit
    case amountMinor = "amount_minor"
    case taxName = "tax_name"
    case taxRate = "tax_rate"
    case correctsPeriod = "corrects_period"
  }

  private static let linesOf =
    "SELECT \(LineColumn.sql) FROM invoice_lines WHERE invoice = ? ORDER BY line"

  private func lines(_ invoice: Int64) throws -> [InvoiceLine] {
    try database.all(Self.linesOf, [invoice], of: LineColumn.self) { row in
      InvoiceLine(
        product: row[.product], text: row[.text],
        quantity: try (row[.quantity] as String?).map { try ExactDecimal(parsing: $0) },
        unit: row[.unit], amountMinor: row[.amountMinor], taxName: row[.taxName],
        taxRate: row[.taxRate], correctsPeriod: try Period(stored: row[.correctsPeriod]))
    }
  }

  private enum TaxColumn: String, ColumnList {
    case name, rate
    case taxableMinor = "taxable_minor"
    case amountMinor = "amount_minor"
  }

  private static let taxesOf =
    "SELECT \(TaxColumn.sql) FROM invoice_taxes WHERE invoice = ? ORDER BY line"

  private func taxes(_ invoice: Int64) throws -> [TaxTotal] {
    try database.all(Self.taxesOf, [invoice], of: TaxColumn.self) { row in
      TaxTotal(
        name: row[.name], rate: row[.rate], taxableMinor: row[.taxableMinor],
        amountMinor: row[.amountMinor])
    }
  }

  /// As it stands now for the periods this invoice billed: a later correction has moved it on.
  private func billed(_ head: Head, _ lines: [InvoiceLine]) throws -> [BilledUsage] {
    let periods = Set(lines.compactMap(\.correctsPeriod)).union([head.facts.period])
    let query = BilledQuery(database: database)
    return try periods.sorted().flatMap { try query.billed(head.accountKey, $0) }
  }
}

struct BilledQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case product, quantity
    case amountMinor = "amount_minor"
  }

  func billed(_ account: Int64, _ period: Period) throws -> [BilledUsage] {
    try database.all(
      """
      SELECT \(Column.sql) FROM billed_usage
      WHERE account = ? AND period = ? ORDER BY product
      """, [account, period.stored], of: Column.self
    ) { row in
      BilledUsage(
        period: period, product: row[.product],
        quantity: try ExactDecimal(parsing: row[.quantity] as String),
        amountMinor: row[.amountMinor])
    }
  }
}
