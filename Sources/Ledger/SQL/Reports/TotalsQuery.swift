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
    try addHoldsAndSums(to: &totals)
    return totals.values.sorted { $0.currency.code < $1.currency.code }
  }

  private func addInvoices(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT currency, count(*), CAST(sum(total_minor) AS bigint),
        CAST(sum(tax_minor) AS bigint)
      FROM invoices
      WHERE period = ? AND status <> 'void' GROUP BY currency
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as Int, $0[2] as Int64, $0[3] as Int64) }
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
      SELECT i.currency, t.kind, CAST(sum(e.amount_minor) AS bigint) FROM invoices i
      JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
      JOIN transactions t ON t.sequence = e.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, try $0.word(1, Transaction.Kind.self), $0[2] as Int64) }
    for (code, kind, sum) in receivables {
      totals[code]?.outstandingMinor += sum
      switch kind {
      case .creditApplied, .creditGrant: totals[code]?.creditedMinor -= sum
      case .payment: totals[code]?.collectedMinor -= sum
      case .invoice, .charge: break
      }
    }
    let charges = try database.all(
      """
      SELECT i.currency, e.ledger_account, CAST(sum(e.amount_minor) AS bigint) FROM invoices i
      JOIN attempts p ON p.invoice = i.key
      JOIN transactions t ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as String, $0[2] as Int64) }
    for (code, name, sum) in charges {
      switch name {
      case LedgerAccount.gatewayClearing.name:
        totals[code]?.collectedMinor += sum
        totals[code]?.collectedByGatewayMinor += sum
      case LedgerAccount.customerCredit.name: totals[code]?.creditedMinor += sum
      default: break
      }
    }
  }

  /// Revenue and tax. An invoice below zero becomes customer credit in its own transaction.
  private func addOwnEntries(to totals: inout [String: FinanceTotals]) throws {
    let rows = try database.all(
      """
      SELECT i.currency, e.ledger_account, CAST(sum(e.amount_minor) AS bigint) FROM invoices i
      JOIN transactions t ON t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
      JOIN entries e ON e.sequence = t.sequence
      WHERE i.period = ? AND i.status <> 'void' GROUP BY 1, 2
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as String, $0[2] as Int64) }
    for (code, name, sum) in rows {
      if let product = name.suffix(after: "revenue:") {
        totals[code]?.revenueMinor[product] = -sum
      } else if let tax = name.suffix(after: "tax:"), let colon = tax.lastIndex(of: ":") {
        let rate = "\(tax[..<colon]) \(tax[tax.index(after: colon)...])"
        totals[code]?.taxByRateMinor[rate] = -sum
      } else if name == LedgerAccount.customerCredit.name {
        totals[code]?.creditedMinor += sum
      }
    }
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
      SELECT t.currency, CAST(sum(e.amount_minor) AS bigint)
      FROM transactions t JOIN entries e USING (sequence)
      GROUP BY 1
      """
    ) { ($0[0] as String, $0[1] as Int64) }
    for (code, sum) in sums { totals[code]?.ledgerSumMinor = sum }
  }
}

extension String {
  fileprivate func suffix(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
