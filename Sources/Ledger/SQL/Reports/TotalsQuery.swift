import Billing

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

  private func addInvoices(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT currency, count(*), \(WideSum.sql("total_minor")), \(WideSum.sql("tax_minor"))
      FROM invoices
      WHERE period = ? AND status <> 'void' GROUP BY currency
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as Int, try WideSum.value($0, 2), try WideSum.value($0, 4)) }
    for (code, count, total, tax) in rows {
      var entry = FinanceTotals(currency: try Currency(code))
      entry.invoices = count
      entry.invoicedMinor = total
      entry.taxMinor = tax
      totals[code] = entry
    }
  }

  /// What was posted on the period's invoices after their own transaction.
  private func addPostings(to totals: inout [String: FinanceTotals]) throws {
    let receivables = try database.all(
      """
      SELECT i.currency, t.kind, \(WideSum.sql("e.amount_minor")) FROM invoices i
      JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
      JOIN transactions t ON t.sequence = e.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, try $0.word(1, Transaction.Kind.self), try WideSum.value($0, 2)) }
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
      SELECT i.currency, e.ledger_account, \(WideSum.sql("e.amount_minor")) FROM invoices i
      JOIN attempts p ON p.invoice = i.key
      JOIN transactions t ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as String, try WideSum.value($0, 2)) }
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
      SELECT i.currency, e.ledger_account, \(WideSum.sql("e.amount_minor")) FROM invoices i
      JOIN transactions t ON t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as String, try WideSum.value($0, 2)) }
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

  /// Entries do not say what a tax was taken on, the invoices do.
  private func addTaxBases(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT i.currency, x.name, x.rate, \(WideSum.sql("x.taxable_minor")) FROM invoices i
      JOIN invoice_taxes x ON x.invoice = i.key
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2, 3
      """, [period.stored]
    ) { row in
      (
        code: row[0] as String, tax: "\(row[1] as String) \(row[2] as String)",
        base: try WideSum.value(row, 3)
      )
    }
    for row in rows { totals[row.code]?.taxBaseByRateMinor[row.tax] = row.base }
  }

  private func addHoldsAndSums(to totals: inout [String: FinanceTotals]) throws {
    let holds = try database.all(
      """
      SELECT i.currency, count(*) FROM holds h JOIN invoices i ON i.key = h.invoice
      WHERE i.period = ? AND h.lifted_at IS NULL GROUP BY 1
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as Int) }
    for (code, count) in holds { totals[code]?.holds = count }
    let sums = try database.all(
      """
      SELECT t.currency, \(WideSum.sql("e.amount_minor"))
      FROM transactions t JOIN entries e USING (sequence)
      GROUP BY 1
      """
    ) { ($0[0] as String, try WideSum.value($0, 1)) }
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
