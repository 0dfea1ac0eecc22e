import Billing

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
      "UPDATE accounts SET usage_version = usage_version + 1 WHERE key = ?", [key])
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
