import Billing

/// An account, and the invoice of it that matters.
public struct FactKey: Hashable, Sendable {
  public var account: String
  public var invoice: String?

  public init(account: String, invoice: String?) {
    self.account = account
    self.invoice = invoice
  }
}

extension LedgerStore {
  /// The facts for each key, in order; `nil` for an account the ledger does not know.
  public func facts(for keys: [FactKey]) async throws -> [AccountFacts?] {
    try await readEach(keys, about: keys.map(\.account)) { FactsQuery(database: $0).facts }
  }

  /// Ids of accounts after `after` in order, at most `limit`.
  public func accountIDs(after: String?, limit: Int) async throws -> [String] {
    try await read { database in
      try database.texts(
        "SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT ?", [after ?? "", limit])
    }
  }
}

enum AccountColumns: String, ColumnList {
  case key = "a.key"
  case id = "a.id"
  case name = "a.name"
  case email = "a.email"
  case currency = "a.currency"
  case country = "a.country"
  case timeZone = "a.time_zone"
  case collection = "a.collection"
  case paymentMethod = "a.payment_method"
  case holdAfterDays = "a.hold_after_days"
  case start = "a.start_date"
  case end = "a.end_date"
  case position = "a.position"
  case balanceMinor = "a.balance_minor"
  case creditMinor = "a.credit_minor"
  case heldForInvoice = "a.held_for_invoice"
  case usageVersion = "a.usage_version"

  static let sql = selected()

  static func account(_ row: Record<Self>) throws -> Account {
    Account(
      id: row[.id], name: row[.name], email: row[.email],
      currency: try Currency(row[.currency] as String), country: row[.country],
      timeZone: row[.timeZone], collection: try row.word(.collection),
      paymentMethod: row[.paymentMethod], holdAfterDays: row[.holdAfterDays],
      start: try CivilDate(stored: row[.start]), end: try CivilDate(stored: row[.end]))
  }

  static func facts(_ row: Record<Self>) throws -> AccountFacts {
    AccountFacts(
      account: try account(row), position: row[.position], balanceMinor: row[.balanceMinor],
      creditMinor: row[.creditMinor], heldForInvoice: row[.heldForInvoice],
      usageVersion: row[.usageVersion])
  }
}

extension AccountColumns {
  /// Drafts that were made of what the account's usage was until now are refused from now on. Takes
  /// the key.
  static let outdatingDrafts =
    "UPDATE accounts SET usage_version = usage_version + 1 WHERE key = ?"
}

/// The facts of one account and one of its invoices, as one connection sees them now.
struct FactsQuery {
  let database: any SQLSession

  private static let byKey = """
    SELECT \(AccountColumns.sql), \(InvoiceColumns.sql) FROM accounts a
    LEFT JOIN invoices i ON i.id = ? AND i.account = a.key WHERE a.id = ?
    """

  func facts(_ key: FactKey) throws -> AccountFacts? {
    let found = try database.first(Self.byKey, [key.invoice, key.account], Self.decoded)
    return try found.map(withAttempts)
  }

  /// With the invoice of a period in place of a named one.
  func facts(_ account: String, period: Period) throws -> (key: Int64, facts: AccountFacts)? {
    let found = try database.first(
      """
      SELECT \(AccountColumns.sql), \(InvoiceColumns.sql) FROM accounts a
      LEFT JOIN invoices i ON \(InvoiceOfMonth.matches(account: "a.key", period: "?"))
      WHERE a.id = ?
      """, [period.stored, account], Self.decoded)
    guard let found else { return nil }
    return (found.key, try withAttempts(found))
  }

  private static let attemptsOf =
    "SELECT \(AttemptColumns.sql) FROM attempts t WHERE t.invoice = ? ORDER BY t.number"

  func attempts(_ invoiceKey: Int64, invoice: String, account: String) throws -> [Attempt] {
    try database.all(Self.attemptsOf, [invoiceKey], of: AttemptColumns.self) {
      try AttemptColumns.attempt($0, invoice: invoice, account: account)
    }
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
