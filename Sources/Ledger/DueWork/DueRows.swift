import Billing

/// Work for later, in order of time.
struct DueRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  static let nextSQL = """
    SELECT key FROM due_work WHERE service = ? AND state = 'pending' AND due_at <= ?
    ORDER BY due_at, key LIMIT ?
    """

  enum Column: String, ColumnList {
    case service = "d.service"
    case kind = "d.kind"
    case reference = "d.reference"
    case account = "a.id"
    case invoice = "i.id"
    case dueAt = "d.due_at"
    case causationID = "d.causation_id"
    case accountKey = "d.account"
  }

  static let sql = """
    SELECT \(Column.sql)
    FROM due_work d JOIN accounts a ON a.key = d.account JOIN invoices i ON i.key = d.invoice
    """

  static func work(_ row: Record<Column>) throws -> DueWork {
    DueWork(
      service: try row.word(.service), kind: try row.word(.kind), reference: row[.reference],
      account: row[.account], invoice: row[.invoice],
      dueAt: Instant(milliseconds: row[.dueAt]), causationID: row[.causationID])
  }

  func take(
    by service: ServiceName, at now: Instant, limit: Int,
    _ announce: (DueWork, AccountFacts) throws -> OutgoingEvent
  ) throws -> [StoredEvent] {
    let lock = database.dialect.forUpdateSkippingLocked
    let keys = try database.integers(
      "\(Self.nextSQL) \(lock)", [service.rawValue, now.milliseconds, limit]
    )
    let found = try database.collect(keys, find)
    try database.reserve(.outgoingEvents, keys.count)
    return try zip(keys, found).map { key, due in
      try take(key, due, at: now, announce)
    }
  }

  private typealias Due = (work: DueWork, account: Int64, facts: AccountFacts)

  private func find(_ key: Int64) throws -> Due {
    let found = try database.first("\(Self.sql) WHERE d.key = ?", [key], of: Column.self) { row in
      (try Self.work(row), row[.accountKey] as Int64)
    }
    guard let (work, account) = found,
      let facts = try FactsQuery(database: database).facts(
        FactKey(account: work.account, invoice: work.invoice))
    else { throw StoreError.damaged("due work \(key) names a missing account or invoice") }
    return (work, account, facts)
  }

  private func take(
    _ key: Int64, _ due: Due, at now: Instant,
    _ announce: (DueWork, AccountFacts) throws -> OutgoingEvent
  ) throws -> StoredEvent {
    try database.run("UPDATE due_work SET state = 'taken' WHERE key = ?", [key])
    let answer = AnswerKey(
      service: due.work.service, messageID: "due:\(due.work.kind.rawValue):\(due.work.reference)",
      account: due.account)
    return try EventRows(database).record(announce(due.work, due.facts), of: answer, at: now)
  }
}
