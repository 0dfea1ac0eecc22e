import Billing
import GRDB

/// Work for later, in order of time.
struct DueRows {
  let database: Database

  init(_ database: Database) {
    self.database = database
  }

  static let nextSQL = """
    SELECT key FROM due_work WHERE service = ? AND state = 'pending' AND due_at <= ?
    ORDER BY due_at, key LIMIT ?
    """
  static let sql = """
    SELECT d.service, d.kind, d.reference, a.id, i.id, d.due_at, d.causation_id, d.account
    FROM due_work d JOIN accounts a ON a.key = d.account JOIN invoices i ON i.key = d.invoice
    """

  static func work(_ row: Row) throws -> DueWork {
    DueWork(
      service: try row.word(0), kind: try row.word(1), reference: row[2], account: row[3],
      invoice: row[4], dueAt: Instant(milliseconds: row[5]), causationID: row[6])
  }

  func take(
    by service: ServiceName, at now: Instant, limit: Int,
    _ announce: (DueWork, AccountFacts) throws -> OutgoingEvent
  ) throws -> [StoredEvent] {
    let keys = try database.all(Self.nextSQL, [service.rawValue, now.milliseconds, limit]) {
      $0[0] as Int64
    }
    return try keys.map { try take($0, at: now, announce) }
  }

  private func take(
    _ key: Int64, at now: Instant, _ announce: (DueWork, AccountFacts) throws -> OutgoingEvent
  ) throws -> StoredEvent {
    let found = try database.first("\(Self.sql) WHERE d.key = ?", [key]) { row in
      (try Self.work(row), row[7] as Int64)
    }
    guard let (work, account) = found,
      let facts = try FactsQuery(database: database).facts(
        FactKey(account: work.account, invoice: work.invoice))
    else { throw StoreError.damaged("due work \(key) names an account or invoice that is gone") }
    try database.run("UPDATE due_work SET state = 'taken' WHERE key = ?", [key])
    let answer = Answer(
      service: work.service, messageID: "due:\(work.kind.rawValue):\(work.reference)",
      account: account)
    return try EventRows(database).record(announce(work, facts), of: answer, at: now)
  }
}
