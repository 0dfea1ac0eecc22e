import Billing

/// Work for later. `(service, kind, reference)` is unique: scheduling it again changes nothing.
public struct DueWork: Sendable, Equatable {
  public var service: ServiceName
  /// `dueCharge` or `dueGrace`.
  public var kind: EventType
  /// What it is about and which time: `2026-11/meter-1:2`.
  public var reference: String
  public var account: String
  public var invoice: String
  public var dueAt: Instant
  /// The id of the message that led to it.
  public var causationID: String?

  public init(
    service: ServiceName, kind: EventType, reference: String, account: String, invoice: String,
    dueAt: Instant, causationID: String?
  ) {
    self.service = service
    self.kind = kind
    self.reference = reference
    self.account = account
    self.invoice = invoice
    self.dueAt = dueAt
    self.causationID = causationID
  }
}

extension DueWork {
  /// How references begin that are about a charge the gateway was found to hold.
  package static func aboutFound(invoice: String) -> String { "\(invoice)#found@" }

  /// All of them, in the order of their bytes: `A` follows `@`.
  static func rangeAboutFound(invoice: String) -> (lowerBound: String, upperBound: String) {
    (aboutFound(invoice: invoice), "\(invoice)#foundA")
  }
}

extension LedgerStore {
  /// Takes due work of this service out, in order of time, and records for each the event that
  /// `announce` makes of it from the account's facts, in one transaction.
  public func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    guard let probe else { return try await takenDue(service, now, limit, announce) }
    return try await probe.takingDue { try await takenDue(service, now, limit, announce) }
  }

  private func takenDue(
    _ service: ServiceName, _ now: Instant, _ limit: Int,
    _ announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    let isSomethingDue = try await connections.read { database in
      try database.integer(DueRows.nextSQL, [service.rawValue, now.milliseconds, 1]) != nil
    }
    if !isSomethingDue { return [] }
    return try await connections.write { database in
      try DueRows(database).take(by: service, at: now, limit: limit, announce)
    }
  }

  /// Due work of this kind that this service has taken out, by reference.
  public func takenDue(
    _ references: [String], of kind: EventType, by service: ServiceName
  ) async throws -> [String: DueWork] {
    try await readKeyed(references) { database in
      { reference in
        try database.first(
          """
          \(DueRows.sql) WHERE d.service = ? AND d.kind = ? AND d.reference = ?
            AND d.state = 'taken'
          """, [service.rawValue, kind.rawValue, reference], DueRows.work)
      }
    }
  }
}

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

extension Writing {
  func schedule(_ work: DueWork) throws {
    let account = try account(work.account)
    try database.run(
      """
      INSERT INTO due_work
        (service, kind, reference, account, invoice, due_at, causation_id, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (service, kind, reference) DO NOTHING
      """,
      [
        work.service.rawValue, work.kind.rawValue, work.reference, account.key,
        try invoice(work.invoice, of: account).key, work.dueAt.milliseconds, work.causationID,
      ])
  }

  /// Worded so that rows are found by their invoice, never by going through all that is pending.
  /// A charge found at the gateway is still credited when nothing is open any longer.
  func cancel(_ service: ServiceName, _ kind: EventType, _ invoice: String) throws {
    guard let invoice = try book.invoice(invoice) else { return }
    let found = DueWork.rangeAboutFound(invoice: invoice.id)
    try database.run(
      """
      UPDATE due_work SET state = 'cancelled'
      WHERE invoice = ? AND service = ? AND kind = ? AND state NOT IN ('taken', 'cancelled')
        AND NOT (reference >= ? AND reference < ?)
      """,
      [
        invoice.key, service.rawValue, kind.rawValue, found.lowerBound, found.upperBound,
      ])
  }
}
