import Billing

/// The facts of one account and one of its invoices, as one connection sees them now.
struct FactsQuery {
  let database: any SQLSession

  func facts(_ key: FactKey) throws -> AccountFacts? {
    let found = try database.first(
      """
      SELECT \(AccountColumns.sql), \(InvoiceColumns.sql) FROM accounts a
      LEFT JOIN invoices i ON i.id = ? AND i.account = a.key WHERE a.id = ?
      """, [key.invoice, key.account], Self.decoded)
    return try found.map(withAttempts)
  }

  /// With the invoice of a period in place of a named one.
  func facts(_ account: String, period: Period) throws -> (key: Int64, facts: AccountFacts)? {
    let found = try database.first(
      """
      SELECT \(AccountColumns.sql), \(InvoiceColumns.sql) FROM accounts a
      LEFT JOIN invoices i ON i.account = a.key AND i.period = ? AND i.status <> 'void'
      WHERE a.id = ?
      """, [period.stored, account], Self.decoded)
    guard let found else { return nil }
    return (found.key, try withAttempts(found))
  }

  func attempts(_ invoiceKey: Int64, invoice: String, account: String) throws -> [Attempt] {
    try database.all(
      "SELECT \(AttemptColumns.sql) FROM attempts t WHERE t.invoice = ? ORDER BY t.number",
      [invoiceKey], of: AttemptColumns.self
    ) { try AttemptColumns.attempt($0, invoice: invoice, account: account) }
  }

  private struct Found {
    var key: Int64
    var facts: AccountFacts
    var invoiceKey: Int64?
  }

  private static func decoded(_ row: Row) throws -> Found {
    let account = row.read(AccountColumns.self)
    let invoice = row.read(InvoiceColumns.self, after: AccountColumns.self)
    var facts = try AccountColumns.facts(account)
    facts.invoice = try InvoiceColumns.facts(invoice, account: facts.account.id)
    return Found(key: account[.key], facts: facts, invoiceKey: invoice[.key])
  }

  private func withAttempts(_ found: Found) throws -> AccountFacts {
    guard let invoiceKey = found.invoiceKey, let invoice = found.facts.invoice else {
      return found.facts
    }
    var facts = found.facts
    facts.attempts = try attempts(
      invoiceKey, invoice: invoice.id, account: facts.account.id)
    return facts
  }
}
