import Billing

/// Finance figures of a period in one currency, all in minor units, computed from the entries.
public struct FinanceTotals: Sendable, Equatable {
  public var currency: Currency
  public var invoices = 0
  /// Sum of invoice totals, tax included.
  public var invoicedMinor: Int64 = 0
  public var taxMinor: Int64 = 0
  /// Credit used on the period's invoices.
  public var creditedMinor: Int64 = 0
  /// Taken on the period's invoices, by the gateway and otherwise.
  public var collectedMinor: Int64 = 0
  public var collectedByGatewayMinor: Int64 = 0
  public var outstandingMinor: Int64 = 0
  public var holds = 0
  /// Sum of all entries of the currency: always 0.
  public var ledgerSumMinor: Int64 = 0
  /// Net revenue by product, tax by name and rate.
  public var revenueMinor: [String: Int64] = [:]
  public var taxByRateMinor: [String: Int64] = [:]
  /// What each of these taxes was taken on, as the invoices say.
  public var taxBaseByRateMinor: [String: Int64] = [:]

  public init(currency: Currency) { self.currency = currency }
}

extension LedgerStore {
  public func totals(_ period: Period) async throws -> [FinanceTotals] {
    try await read(.tables) { try TotalsQuery(database: $0, period: period).totals() }
  }
}

/// Finance figures of one period, summed from the entries that belong to its invoices:
/// outstanding = invoiced − credited − collected, per currency.
///
/// An invoice's own posting belongs to it by reference and a charge by its attempt's key, whole:
/// what a charge took beyond the open amount counts as collected and as negative `credited`, since
/// it became credit. Payments and credits may be spread over invoices of several periods: of them
/// the receivable entries on the period's invoices count.
struct TotalsQuery {
  let database: any SQLSession
  let period: Period

  func totals() throws -> [FinanceTotals] {
    var totals: [String: FinanceTotals] = [:]
    try addInvoices(to: &totals)
    try addPostings(to: &totals)
    try addOwnEntries(to: &totals)
    try addTaxBases(to: &totals)
    try addHoldsAndSums(to: &totals)
    return totals.values.sorted { $0.currency.code < $1.currency.code }
  }

  private enum InvoiceColumn: String, ColumnList {
    case currency
    case count = "count(*)"
    case total = "total_minor"
    case tax = "tax_minor"

    static let sums: [Self] = [.total, .tax]
  }

  private func addInvoices(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT \(InvoiceColumn.sql) FROM invoices
      WHERE period = ? GROUP BY currency
      """, [period.stored], of: InvoiceColumn.self
    ) { ($0[.currency] as String, $0[.count] as Int, try $0.sum(.total), try $0.sum(.tax)) }
    for (code, count, total, tax) in rows {
      var entry = FinanceTotals(currency: try Currency(code))
      entry.invoices = count
      entry.invoicedMinor = total
      entry.taxMinor = tax
      totals[code] = entry
    }
  }

  private enum ReceivableColumn: String, ColumnList {
    case currency = "i.currency"
    case kind = "t.kind"
    case amount = "e.amount_minor"

    static let sums: [Self] = [.amount]
  }

  private enum EntryColumn: String, ColumnList {
    case currency = "i.currency"
    case account = "e.ledger_account"
    case amount = "e.amount_minor"

    static let sums: [Self] = [.amount]
  }

  /// What was posted on the period's invoices after their own transaction.
  private func addPostings(to totals: inout [String: FinanceTotals]) throws {
    let receivables = try database.all(
      """
      SELECT \(ReceivableColumn.sql) FROM invoices i
      JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
      JOIN transactions t ON t.sequence = e.sequence
      WHERE i.period = ? GROUP BY 1, 2
      """, [period.stored], of: ReceivableColumn.self
    ) { row in
      (row[.currency] as String, try row.word(.kind, Transaction.Kind.self), try row.sum(.amount))
    }
    for (code, kind, sum) in receivables {
      try totals.add(sum, to: \.outstandingMinor, code)
      switch kind {
      case .creditApplied, .creditGrant, .creditReversal:
        try totals.subtract(sum, from: \.creditedMinor, code)
      case .payment, .paymentReversal: try totals.subtract(sum, from: \.collectedMinor, code)
      case .invoice, .charge: break
      }
    }
    let charges = try database.all(
      """
      SELECT \(EntryColumn.sql) FROM invoices i
      JOIN attempts p ON p.invoice = i.key
      JOIN transactions t ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? GROUP BY 1, 2
      """, [period.stored], of: EntryColumn.self
    ) { ($0[.currency] as String, $0[.account] as String, try $0.sum(.amount)) }
    for (code, name, sum) in charges {
      switch name {
      case LedgerAccount.gatewayClearing.name:
        try totals.add(sum, to: \.collectedMinor, code)
        try totals.add(sum, to: \.collectedByGatewayMinor, code)
      case LedgerAccount.customerCredit.name: try totals.add(sum, to: \.creditedMinor, code)
      default: break
      }
    }
  }

  /// Revenue and tax. An invoice below zero becomes customer credit in its own transaction.
  private func addOwnEntries(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT \(EntryColumn.sql) FROM invoices i
      JOIN transactions t ON t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? GROUP BY 1, 2
      """, [period.stored], of: EntryColumn.self
    ) { ($0[.currency] as String, $0[.account] as String, try $0.sum(.amount)) }
    for (code, name, sum) in rows {
      if let product = name.suffix(after: "revenue:") {
        totals[code]?.revenueMinor[product] = -sum
      } else if let tax = name.suffix(after: "tax:"), let colon = tax.lastIndex(of: ":") {
        let rate = "\(tax[..<colon]) \(tax[tax.index(after: colon)...])"
        totals[code]?.taxByRateMinor[rate] = -sum
      } else if name == LedgerAccount.customerCredit.name {
        try totals.add(sum, to: \.creditedMinor, code)
      }
    }
  }

  private enum TaxColumn: String, ColumnList {
    case currency = "i.currency"
    case name = "x.name"
    case rate = "x.rate"
    case base = "x.taxable_minor"

    static let sums: [Self] = [.base]
  }

  /// Entries do not say what a tax was taken on, the invoices do.
  private func addTaxBases(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT \(TaxColumn.sql) FROM invoices i
      JOIN invoice_taxes x ON x.invoice = i.key
      WHERE i.period = ? GROUP BY 1, 2, 3
      """, [period.stored], of: TaxColumn.self
    ) { row in
      (
        code: row[.currency] as String,
        tax: "\(row[.name] as String) \(row[.rate] as String)", base: try row.sum(.base)
      )
    }
    for row in rows { totals[row.code]?.taxBaseByRateMinor[row.tax] = row.base }
  }

  private enum HoldColumn: String, ColumnList {
    case currency = "i.currency"
    case count = "count(*)"
  }

  private enum SumColumn: String, ColumnList {
    case currency = "t.currency"
    case amount = "e.amount_minor"

    static let sums: [Self] = [.amount]
  }

  private func addHoldsAndSums(to totals: inout [String: FinanceTotals]) throws {
    let holds = try database.all(
      """
      SELECT \(HoldColumn.sql) FROM holds h JOIN invoices i ON i.key = h.invoice
      WHERE i.period = ? AND h.lifted_at IS NULL GROUP BY 1
      """, [period.stored], of: HoldColumn.self
    ) { ($0[.currency] as String, $0[.count] as Int) }
    for (code, count) in holds { totals[code]?.holds = count }
    let sums = try database.all(
      "SELECT \(SumColumn.sql) FROM transactions t JOIN entries e USING (sequence) GROUP BY 1",
      of: SumColumn.self
    ) { ($0[.currency] as String, try $0.sum(.amount)) }
    for (code, sum) in sums { totals[code]?.ledgerSumMinor = sum }
  }
}

extension [String: FinanceTotals] {
  fileprivate mutating func add(
    _ sum: Int64, to figure: WritableKeyPath<FinanceTotals, Int64>, _ code: String
  ) throws {
    guard let before = self[code]?[keyPath: figure] else { return }
    let (after, overflow) = before.addingReportingOverflow(sum)
    if overflow { throw LedgerRefusal("a figure in \(code) is too large to show") }
    self[code]?[keyPath: figure] = after
  }

  fileprivate mutating func subtract(
    _ sum: Int64, from figure: WritableKeyPath<FinanceTotals, Int64>, _ code: String
  ) throws {
    guard sum != .min else {
      throw LedgerRefusal("a figure in \(code) is too large to show")
    }
    try add(-sum, to: figure, code)
  }
}

extension String {
  fileprivate func suffix(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
