import Billing

/// A date of an account that its file may have no column for.
public enum AccountDate: String, Sendable, CaseIterable {
  case start, end
}

/// The rows of an accounts file.
public struct AccountRows: Sendable {
  public var rows: [(account: Account, line: Int)]
  /// Dates that the file says nothing of: an account that is there keeps them.
  public var unstated: Set<AccountDate>

  public init(_ rows: [(account: Account, line: Int)], unstated: Set<AccountDate> = []) {
    self.rows = rows
    self.unstated = unstated
  }

  func completed(_ account: Account, from stored: Account) -> Account {
    var account = account
    if unstated.contains(.start) { account.start = stored.start }
    if unstated.contains(.end) { account.end = stored.end }
    return account
  }

  /// Where the file has one date and the ledger the other, or neither is checked yet.
  func dateFault(of account: Account, _ line: Int) -> RefusedRow? {
    guard let start = account.start, let end = account.end, end <= start else { return nil }
    if unstated.contains(.end) {
      return RefusedRow(
        line: line, column: "start", reason: "\"\(start)\" is not before the account's end \(end)")
    }
    return RefusedRow(
      line: line, column: "end", reason: "\"\(end)\" is not after the account's start \(start)")
  }
}

extension Account {
  var dates: [CivilDate?] { [start, end] }
}

extension LedgerStore {
  /// Matched by id; changed fields are taken over. Rows are refused for the currency of an account
  /// that was billed, an unknown time zone, an end that is not after the start, one id twice with
  /// other content. Nothing is kept when there are any, or when `keeps`, asked at the end, answers
  /// no.
  public func importAccounts(
    _ file: AccountRows, at: Instant,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    if file.rows.isEmpty { return ImportOutcome() }
    return try await write { database in
      try AccountImport(database).run(file, at: at)
    } keeps: {
      $0.refused.isEmpty && keeps($0.refused)
    }
  }

  /// The accounts as they are, with or without dates.
  public func importAccounts(
    _ accounts: [(account: Account, line: Int)], at: Instant
  ) async throws -> ImportOutcome {
    try await importAccounts(AccountRows(accounts), at: at, keeps: \.isEmpty).kept(\.isEmpty)
  }
}

/// Accounts are matched by id. Changes are applied; balances and history stay.
final class AccountImport {
  private let database: any SQLSession
  private var seen: [String: (account: Account, line: Int)] = [:]
  private var count = ImportCount()
  private var refused: [RefusedRow] = []
  /// Existing accounts whose dates have changed.
  private var redated: [(key: Int64, account: Account)] = []

  init(_ database: any SQLSession) {
    self.database = database
  }

  func run(_ file: AccountRows, at: Instant) throws -> ImportOutcome {
    let rows = file.rows
    try database.lockAccounts(rows.map(\.account.id))
    let known = try database.collect(rows) { try find($0.account.id) }
    var added: [SQLValues] = []
    for ((account, line), stored) in zip(rows, known) {
      if try isRefused(account, line, at) { continue }
      let account = stored.map { file.completed(account, from: $0.facts.account) } ?? account
      if let fault = file.dateFault(of: account, line) {
        refused.append(fault)
      } else if let stored {
        try compare(account, stored, line, at)
      } else {
        added.append(fields(account))
        count.added += 1
      }
    }
    try insert(added)
    return ImportOutcome(
      count: count, refused: refused,
      movedDays: try MovedDaysQuery(database: database).moved(redated))
  }

  private func isRefused(_ account: Account, _ line: Int, _ at: Instant) throws -> Bool {
    if let before = seen[account.id] {
      if before.account == account {
        count.unchanged += 1
      } else {
        refuse(
          line, "account_id", "\(account.id) is also on line \(before.line) with other content")
      }
      return true
    }
    seen[account.id] = (account, line)
    do {
      _ = try Period.containing(at, in: account.timeZone)
      return false
    } catch {
      refuse(line, "timezone", "\(error)")
      return true
    }
  }

  private typealias Stored = (key: Int64, facts: AccountFacts)

  private func find(_ id: String) throws -> Stored? {
    try database.first(
      "SELECT \(AccountColumns.sql) FROM accounts a WHERE a.id = ?", [id],
      of: AccountColumns.self
    ) { row in
      (key: row[.key] as Int64, facts: try AccountColumns.facts(row))
    }
  }

  private func compare(
    _ account: Account, _ stored: Stored, _ line: Int, _ at: Instant
  ) throws {
    if stored.facts.account == account {
      count.unchanged += 1
    } else if stored.facts.account.currency != account.currency, try isBilled(stored.key) {
      refuse(
        line, "currency",
        "account \(account.id) has been billed in \(stored.facts.account.currency); "
          + "its currency cannot be changed to \(account.currency)")
    } else {
      try update(account, stored.key)
      if account.dates != stored.facts.account.dates { try redate(account, stored.key) }
      if account.isNewCard(after: stored.facts.account) {
        try ChargeAgain(database, account: stored.key, at: at).schedule()
      }
      if stored.facts.account.timeZone != account.timeZone {
        do {
          try UsageRezoning(database, account: stored.key, timeZone: account.timeZone).run()
        } catch is MoneyError {
          refuse(
            line, "timezone",
            "in \(account.timeZone) the usage of one month would be too large to store")
          return
        } catch TimeError.unreadablePeriod {
          refuse(
            line, "timezone", "in \(account.timeZone) there is usage outside the supported months")
          return
        }
      }
      count.changed += 1
    }
  }

  /// A draft made with other days is outdated; months already invoiced are reported.
  private func redate(_ account: Account, _ key: Int64) throws {
    redated.append((key, account))
    try database.run(
      AccountColumns.outdatingDrafts, [key])
  }

  private func isBilled(_ key: Int64) throws -> Bool {
    try database.flag(
      """
      SELECT EXISTS (SELECT 1 FROM transactions WHERE account = ?)
        OR EXISTS (SELECT 1 FROM invoices WHERE account = ?)
      """, [key, key])
  }

  private func insert(_ rows: [SQLValues]) throws {
    try database.runMany(
      """
      INSERT INTO accounts
        (id, name, email, currency, country, time_zone, collection, payment_method,
         hold_after_days, start_date, end_date, closed)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
      """, rows)
  }

  private func update(_ account: Account, _ key: Int64) throws {
    try database.run(
      """
      UPDATE accounts SET id = ?, name = ?, email = ?, currency = ?, country = ?, time_zone = ?,
        collection = ?, payment_method = ?, hold_after_days = ?, start_date = ?, end_date = ?
      WHERE key = ?
      """, fields(account) + [key])
  }

  private func fields(_ account: Account) -> SQLValues {
    [
      account.id, account.name, account.email, account.currency.code, account.country,
      account.timeZone, account.collection.rawValue, account.paymentMethod,
      account.holdAfterDays, account.start?.stored, account.end?.stored,
    ]
  }

  private func refuse(_ line: Int, _ column: String, _ reason: String) {
    refused.append(RefusedRow(line: line, column: column, reason: reason))
  }
}
