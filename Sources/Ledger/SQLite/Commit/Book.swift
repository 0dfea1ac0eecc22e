import Billing
import GRDB

/// An account's balance while a batch works on it.
final class LedgerBalance {
  let key: Int64
  let id: String
  let currency: String
  let usageVersion: Int64
  var position: Int64
  var balanceMinor: Int64
  var creditMinor: Int64
  var isChanged = false

  init(_ row: Row) {
    key = row[0]
    id = row[1]
    currency = row[2]
    usageVersion = row[3]
    position = row[4]
    balanceMinor = row[5]
    creditMinor = row[6]
  }
}

/// An invoice's open amount while a batch works on it.
final class OpenAmount {
  let key: Int64
  let id: String
  let account: Int64
  var openMinor: Int64
  var status: InvoiceStatus
  var isChanged = false

  init(key: Int64, id: String, account: Int64, openMinor: Int64, status: InvoiceStatus) {
    self.key = key
    self.id = id
    self.account = account
    self.openMinor = openMinor
    self.status = status
  }
}

/// Accounts, invoices and counters of one batch: read once, changed in memory, written once at its
/// end. Nobody else can write meanwhile.
final class Book {
  let database: Database
  private var accounts: [String: LedgerBalance] = [:]
  private var invoices: [String: OpenAmount] = [:]
  private var finished: [Period: FinishedCount] = [:]
  private var invoiceNumber: Int64?
  private var transaction: Int64?

  struct FinishedCount {
    var finished: Int
    var expected: Int
    var isChanged = false
  }

  init(_ database: Database) {
    self.database = database
  }

  func account(_ id: String) throws -> LedgerBalance? {
    if let known = accounts[id] { return known }
    let found = try database.first(
      """
      SELECT key, id, currency, usage_version, position, balance_minor, credit_minor
      FROM accounts WHERE id = ?
      """, [id], LedgerBalance.init)
    accounts[id] = found
    return found
  }

  func invoice(_ id: String) throws -> OpenAmount? {
    if let known = invoices[id] { return known }
    let found = try database.first(
      "SELECT key, account, open_minor, status FROM invoices WHERE id = ?", [id]
    ) { row in
      OpenAmount(
        key: row[0], id: id, account: row[1], openMinor: row[2], status: try row.word(3))
    }
    invoices[id] = found
    return found
  }

  func add(_ invoice: OpenAmount) {
    invoices[invoice.id] = invoice
  }

  func run(_ period: Period) throws -> FinishedCount? {
    if let known = finished[period] { return known }
    let found = try database.first(
      "SELECT finished, expected FROM close_runs WHERE period = ?", [period.stored]
    ) { FinishedCount(finished: $0[0], expected: $0[1]) }
    finished[period] = found
    return found
  }

  func countFinished(_ period: Period) throws {
    guard var run = try run(period) else { return }
    run.finished += 1
    run.isChanged = true
    finished[period] = run
  }

  func nextInvoiceNumber() throws -> Int64 {
    let last =
      try invoiceNumber
      ?? database.integer("SELECT value FROM counters WHERE name = 'invoice_number'") ?? 0
    invoiceNumber = last + 1
    return last + 1
  }

  func nextTransaction() throws -> Int64 {
    let last = try transaction ?? database.integer("SELECT max(sequence) FROM transactions") ?? 0
    transaction = last + 1
    return last + 1
  }

  /// After all writes of a change: what is no longer owed is paid.
  func settleInvoices() {
    for invoice in invoices.values where invoice.isChanged {
      if invoice.openMinor == 0 && invoice.status == .open { invoice.status = .paid }
    }
  }

  func flush() throws {
    for account in accounts.values where account.isChanged {
      try database.run(
        "UPDATE accounts SET position = ?, balance_minor = ?, credit_minor = ? WHERE key = ?",
        [account.position, account.balanceMinor, account.creditMinor, account.key])
    }
    for invoice in invoices.values where invoice.isChanged {
      try database.run(
        "UPDATE invoices SET open_minor = ?, status = ? WHERE key = ?",
        [invoice.openMinor, invoice.status.rawValue, invoice.key])
    }
    for (period, run) in finished where run.isChanged {
      try database.run(
        "UPDATE close_runs SET finished = ? WHERE period = ?", [run.finished, period.stored])
    }
    if let invoiceNumber {
      try database.run(
        "UPDATE counters SET value = ? WHERE name = 'invoice_number'", [invoiceNumber])
    }
  }
}
