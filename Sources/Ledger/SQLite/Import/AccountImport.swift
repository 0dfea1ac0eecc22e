import Billing
import GRDB

/// Accounts are matched by id. What changed is taken over; balances and history stay.
final class AccountImport {
  private let database: Database
  private var seen: [String: (account: Account, line: Int)] = [:]
  private var count = ImportCount()
  private var refused: [RefusedRow] = []

  init(_ database: Database) {
    self.database = database
  }

  func run(
    _ rows: [(account: Account, line: Int)], at: Instant
  ) throws -> (count: ImportCount, refused: [RefusedRow]) {
    for (account, line) in rows {
      if try isRefused(account, line, at) { continue }
      try store(account, line)
    }
    return (count, refused)
  }

  private func isRefused(_ account: Account, _ line: Int, _ at: Instant) throws -> Bool {
    if let before = seen[account.id] {
      if before.account == account {
        count.unchanged += 1
      } else {
        refuse(line, "account_id", "\(account.id) is on line \(before.line) with other content")
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

  private func store(_ account: Account, _ line: Int) throws {
    let stored = try database.first(
      "SELECT \(AccountColumns.sql) FROM accounts a WHERE a.id = ?", [account.id]
    ) { row in
      (key: row[0] as Int64, facts: try AccountColumns.facts(row))
    }
    guard let stored else {
      try insert(account)
      count.added += 1
      return
    }
    if stored.facts.account == account {
      count.unchanged += 1
    } else if stored.facts.account.currency != account.currency, try isBilled(stored.key) {
      refuse(
        line, "currency",
        "account \(account.id) has been billed in \(stored.facts.account.currency); "
          + "its currency cannot become \(account.currency)")
    } else {
      try update(account, stored.key)
      if stored.facts.account.timeZone != account.timeZone {
        try UsageRezoning(database, account: stored.key, timeZone: account.timeZone).run()
      }
      count.changed += 1
    }
  }

  private func isBilled(_ key: Int64) throws -> Bool {
    try database.integer(
      """
      SELECT EXISTS (SELECT 1 FROM transactions WHERE account = ?)
        OR EXISTS (SELECT 1 FROM invoices WHERE account = ?)
      """, [key, key]) == 1
  }

  private func insert(_ account: Account) throws {
    try database.run(
      """
      INSERT INTO accounts
        (id, name, email, currency, country, time_zone, collection, payment_method,
         hold_after_days, closed)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, fields(account))
  }

  private func update(_ account: Account, _ key: Int64) throws {
    try database.run(
      """
      UPDATE accounts SET id = ?, name = ?, email = ?, currency = ?, country = ?, time_zone = ?,
        collection = ?, payment_method = ?, hold_after_days = ?, closed = ?
      WHERE key = ?
      """, fields(account) + [key])
  }

  private func fields(_ account: Account) -> Database.Values {
    [
      account.id, account.name, account.email, account.currency.code, account.country,
      account.timeZone, account.collection.rawValue, account.paymentMethod,
      account.holdAfterDays, account.closed,
    ]
  }

  private func refuse(_ line: Int, _ column: String, _ reason: String) {
    refused.append(RefusedRow(line: line, column: column, reason: reason))
  }
}
