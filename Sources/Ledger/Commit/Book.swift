import Billing

/// An account's balance while a batch works on it.
final class LedgerBalance {
  let key: Int64
  let id: String
  let currency: String
  var usageVersion: Int64
  var position: Int64
  var balanceMinor: Int64
  var creditMinor: Int64
  var isChanged = false

  enum Column: String, ColumnList {
    case key, id, currency
    case usageVersion = "usage_version"
    case position
    case balanceMinor = "balance_minor"
    case creditMinor = "credit_minor"
  }

  fileprivate static let byID = "SELECT \(Column.sql) FROM accounts WHERE id = ?"

  init(_ row: Record<Column>) {
    key = row[.key]
    id = row[.id]
    currency = row[.currency]
    usageVersion = row[.usageVersion]
    position = row[.position]
    balanceMinor = row[.balanceMinor]
    creditMinor = row[.creditMinor]
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

  fileprivate enum Column: String, ColumnList {
    case key, account
    case openMinor = "open_minor"
    case status
  }

  fileprivate static let byID = "SELECT \(Column.sql) FROM invoices WHERE id = ?"

  init(key: Int64, id: String, account: Int64, openMinor: Int64, status: InvoiceStatus) {
    self.key = key
    self.id = id
    self.account = account
    self.openMinor = openMinor
    self.status = status
  }
}

/// An account's place in a close while a batch works on it.
final class CloseMember {
  var reached: Milestone
  var ended: AccountEnd?
  var isChanged = false

  enum Column: String, ColumnList { case milestones, ended }

  fileprivate static let byKey =
    "SELECT \(Column.sql) FROM close_members WHERE period = ? AND account = ?"

  init(_ row: Record<Column>) throws {
    reached = Milestone(rawValue: row[.milestones])
    ended = row.isNull(.ended) ? nil : try row.word(.ended, AccountEnd.self)
  }

  var isFinished: Bool { ended != nil && reached.isSuperset(of: .all) }
}

/// Accounts, invoices and counters of one batch: read once, changed in memory, written once at its
/// end. No other transaction can write to them meanwhile: SQLite has one writer at a time,
/// PostgreSQL row locks, taken in the same order everywhere (accounts by key, counters, close runs
/// by period).
final class Book {
  let database: any SQLSession
  private var accounts: [String: LedgerBalance] = [:]
  private var invoices: [String: OpenAmount] = [:]
  private var members: [MemberKey: CloseMember] = [:]
  private var finished: [Period: FinishedCount] = [:]
  private var invoiceNumber: Int64?
  private var isInvoiceNumbered = false
  private var transaction: Int64?

  private struct MemberKey: Hashable {
    var account: Int64
    var period: Period
  }

  struct FinishedCount {
    var finished: Int
    var expected: Int
    var added = 0

    fileprivate enum Column: String, ColumnList { case finished, expected }
  }

  init(_ database: any SQLSession) {
    self.database = database
  }

  /// Keeps others from numbering, and from opening a close, until the transaction's end.
  @discardableResult
  static func lastInvoiceNumber(_ database: any SQLSession) throws -> Int64? {
    try database.integer(
      "SELECT value FROM counters WHERE name = 'invoice_number' \(database.dialect.forUpdate)")
  }

  /// Invoice and transaction numbers have no gaps and follow the order of commits, so a transaction
  /// that takes any of them holds this row until its commit.
  func lockCounters() throws {
    if invoiceNumber != nil { return }
    invoiceNumber = try Self.lastInvoiceNumber(database)
    transaction = try database.integer("SELECT max(sequence) FROM transactions") ?? 0
  }

  func account(_ id: String) throws -> LedgerBalance? {
    if let known = accounts[id] { return known }
    let found = try database.first(LedgerBalance.byID, [id], LedgerBalance.init)
    accounts[id] = found
    return found
  }

  func invoice(_ id: String) throws -> OpenAmount? {
    if let known = invoices[id] { return known }
    let found = try database.first(OpenAmount.byID, [id], of: OpenAmount.Column.self) { row in
      OpenAmount(
        key: row[.key], id: id, account: row[.account], openMinor: row[.openMinor],
        status: try row.word(.status))
    }
    invoices[id] = found
    return found
  }

  func add(_ invoice: OpenAmount) {
    invoices[invoice.id] = invoice
  }

  func member(_ account: LedgerBalance, _ period: Period) throws -> CloseMember? {
    let key = MemberKey(account: account.key, period: period)
    if let known = members[key] { return known }
    let found = try database.first(
      CloseMember.byKey, [period.stored, account.key], CloseMember.init)
    members[key] = found
    return found
  }

  func run(_ period: Period) throws -> FinishedCount? {
    if let known = finished[period] { return known }
    let found = try database.first(
      "SELECT \(FinishedCount.Column.sql) FROM close_runs WHERE period = ?", [period.stored],
      of: FinishedCount.Column.self
    ) { FinishedCount(finished: $0[.finished], expected: $0[.expected]) }
    finished[period] = found
    return found
  }

  func countFinished(_ period: Period) throws {
    guard var run = try run(period) else { return }
    run.finished += 1
    run.added += 1
    finished[period] = run
  }

  func nextInvoiceNumber() throws -> Int64 {
    let last = try invoiceNumber ?? Self.lastInvoiceNumber(database) ?? 0
    invoiceNumber = last + 1
    isInvoiceNumbered = true
    return last + 1
  }

  func nextTransaction() throws -> Int64 {
    let last = try transaction ?? database.integer("SELECT max(sequence) FROM transactions") ?? 0
    transaction = last + 1
    return last + 1
  }

  /// After all writes of a change: an invoice no longer owed is paid, and one owed again, because a
  /// payment was reversed, is open.
  func settleInvoices() {
    for invoice in invoices.values where invoice.isChanged {
      if invoice.openMinor == 0 && invoice.status == .open { invoice.status = .paid }
      if invoice.openMinor > 0 && invoice.status == .paid { invoice.status = .open }
    }
  }

  func flush() throws {
    for account in accounts.values where account.isChanged {
      database.nextChange()
      try database.run(
        "UPDATE accounts SET position = ?, balance_minor = ?, credit_minor = ? WHERE key = ?",
        [account.position, account.balanceMinor, account.creditMinor, account.key])
    }
    for invoice in invoices.values where invoice.isChanged {
      database.nextChange()
      try database.run(
        "UPDATE invoices SET open_minor = ?, status = ? WHERE key = ?",
        [invoice.openMinor, invoice.status.rawValue, invoice.key])
    }
    for (key, member) in members where member.isChanged {
      database.nextChange()
      try database.run(
        "UPDATE close_members SET milestones = ?, ended = ? WHERE period = ? AND account = ?",
        [member.reached.rawValue, member.ended?.rawValue, key.period.stored, key.account])
    }
    // Added, because batches of other accounts may count at the same time.
    for (period, run) in finished.sorted(by: { $0.key < $1.key }) where run.added > 0 {
      database.nextChange()
      try database.run(
        "UPDATE close_runs SET finished = finished + ? WHERE period = ?",
        [run.added, period.stored])
    }
    if isInvoiceNumbered, let invoiceNumber {
      try database.run(
        "UPDATE counters SET value = ? WHERE name = 'invoice_number'", [invoiceNumber])
    }
  }
}
