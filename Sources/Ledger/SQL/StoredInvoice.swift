import Billing

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
    guard let head = try head(id) else { return nil }
    let lines = try lines(head.key)
    let draft = InvoiceDraft(
      account: head.facts.account, period: head.facts.period, currency: head.facts.currency,
      catalogVersion: head.catalogVersion, lines: lines, taxes: try taxes(head.key),
      netMinor: head.netMinor, taxMinor: head.taxMinor, totalMinor: head.facts.totalMinor,
      billed: try billed(head, lines), days: head.days)
    return IssuedInvoice(
      draft: draft, facts: head.facts, creditAppliedMinor: head.creditAppliedMinor,
      nextAttemptAt: head.nextAttemptAt)
  }

  private func head(_ id: String) throws -> Head? {
    try database.first(
      """
      SELECT \(InvoiceColumns.sql), a.id, a.key, i.catalog_version, i.net_minor, i.tax_minor,
        (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS bigint)
          FROM transactions t JOIN entries e ON e.sequence = t.sequence
          WHERE t.account = i.account AND t.kind = 'creditApplied' AND t.reference = i.id
            AND e.ledger_account = 'customer_credit'),
        (SELECT min(d.due_at) FROM due_work d
          WHERE d.invoice = i.key AND d.service = 'charger' AND d.kind = 'due.charge.v1'
            AND d.state = 'pending'
            AND substr(d.reference, 1, length(i.id) + 1) = i.id || ':'),
        i.active_days
      FROM invoices i JOIN accounts a ON a.key = i.account WHERE i.id = ?
      """, [id]
    ) { row in
      guard let facts = try InvoiceColumns.facts(row, from: 0, account: row[9]) else { return nil }
      return Head(
        key: row[0], accountKey: row[10], facts: facts, catalogVersion: row[11],
        netMinor: row[12], taxMinor: row[13], creditAppliedMinor: row[14],
        nextAttemptAt: Instant(stored: row[15]),
        days: ActiveDays(stored: row[16], of: facts.period))
    } ?? nil
  }

  private func lines(_ invoice: Int64) throws -> [InvoiceLine] {
    try database.all(
      """
      SELECT product, text, quantity, unit, amount_minor, tax_name, tax_rate, corrects_period
      FROM invoice_lines WHERE invoice = ? ORDER BY line
      """, [invoice]
    ) { row in
      InvoiceLine(
        product: row[0], text: row[1],
        quantity: try (row[2] as String?).map { try ExactDecimal(parsing: $0) }, unit: row[3],
        amountMinor: row[4], taxName: row[5], taxRate: row[6],
        correctsPeriod: try Period(stored: row[7]))
    }
  }

  private func taxes(_ invoice: Int64) throws -> [TaxTotal] {
    try database.all(
      """
      SELECT name, rate, taxable_minor, amount_minor FROM invoice_taxes
      WHERE invoice = ? ORDER BY line
      """, [invoice]
    ) { TaxTotal(name: $0[0], rate: $0[1], taxableMinor: $0[2], amountMinor: $0[3]) }
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

  func billed(_ account: Int64, _ period: Period) throws -> [BilledUsage] {
    try database.all(
      """
      SELECT product, quantity, amount_minor FROM billed_usage
      WHERE account = ? AND period = ? ORDER BY product
      """, [account, period.stored]
    ) { row in
      BilledUsage(
        period: period, product: row[0], quantity: try ExactDecimal(parsing: row[1] as String),
        amountMinor: row[2])
    }
  }
}
