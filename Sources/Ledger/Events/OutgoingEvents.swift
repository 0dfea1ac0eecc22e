import Billing

/// An event as it is stored and published: encoded once, the same bytes on every publish.
public struct OutgoingEvent: Sendable, Equatable {
  public var id: String
  /// `invoice.issued.v1`
  public var type: String
  public var routingKey: String
  public var account: String?
  public var period: Period?
  public var body: [UInt8]

  public init(
    id: String, type: String, routingKey: String, account: String?, period: Period?, body: [UInt8]
  ) {
    self.id = id
    self.type = type
    self.routingKey = routingKey
    self.account = account
    self.period = period
    self.body = body
  }
}

/// An outgoing event with the number the ledger gave it.
public struct StoredEvent: Sendable, Equatable {
  public var sequence: Int64
  public var service: ServiceName
  public var event: OutgoingEvent

  public init(sequence: Int64, service: ServiceName, event: OutgoingEvent) {
    self.sequence = sequence
    self.service = service
    self.event = event
  }
}

extension LedgerStore {
  /// An event as it was committed by a service; `nil` for one that never was.
  public func event(_ id: String) async throws -> StoredEvent? {
    try await read { database in
      try database.first(
        "SELECT \(EventColumns.sql) FROM outgoing_events e WHERE e.id = ? ORDER BY e.sequence",
        [id], EventColumns.event)
    }
  }

  /// This service's events whose publication is not recorded, oldest first, recorded before
  /// `before`; with numbers above `sequence`.
  public func unpublished(
    by service: ServiceName, before: Instant, after sequence: Int64, limit: Int
  ) async throws -> [StoredEvent] {
    try await read { database in
      try database.all(
        """
        SELECT \(EventColumns.sql) FROM unpublished_events u JOIN outgoing_events e USING (sequence)
        WHERE u.service = ? AND u.recorded_at < ? AND u.sequence > ? ORDER BY u.sequence LIMIT ?
        """, [service.rawValue, before.milliseconds, sequence, limit], EventColumns.event)
    }
  }

  public func unpublished(
    by service: ServiceName, before: Instant, limit: Int
  ) async throws -> [StoredEvent] {
    try await unpublished(by: service, before: before, after: 0, limit: limit)
  }
}

enum EventColumns: String, ColumnList {
  case sequence = "e.sequence"
  case service = "e.service"
  case id = "e.id"
  case type = "e.type"
  case routingKey = "e.routing_key"
  case account = "e.account"
  case period = "e.period"
  case body = "e.body"

  static let sql = selected()

  static func event(_ row: Record<Self>) throws -> StoredEvent {
    StoredEvent(
      sequence: row[.sequence], service: try row.word(.service),
      event: OutgoingEvent(
        id: row[.id], type: row[.type], routingKey: row[.routingKey], account: row[.account],
        period: try Period(stored: row[.period]), body: row[.body]))
  }
}

/// Outgoing events: recorded once, kept for ever, unpublished until the broker confirmed them.
struct EventRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private static let insertion = Insertion(
    """
    INSERT INTO outgoing_events
      (sequence, id, service, message_id, answered_for, type, routing_key, account, period,
       recorded_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """, orNothingOn: "id, service")

  /// The same id of the same service again changes nothing and returns what is stored.
  func record(_ event: OutgoingEvent, of answer: AnswerKey, at: Instant) throws -> StoredEvent {
    let sequence = try database.newKey(.outgoingEvents)
    let isNew = try database.insertIfNew(
      Self.insertion,
      [
        sequence, event.id, answer.service.rawValue, answer.messageID, answer.account, event.type,
        event.routingKey, event.account, event.period?.stored, at.milliseconds, event.body,
      ], isStored: { try find(event.id, answer.service) != nil })
    guard isNew else { return try stored(event.id, answer.service) }
    try markUnpublished(sequence, by: answer.service, at: at)
    return StoredEvent(sequence: sequence, service: answer.service, event: event)
  }

  func markUnpublished(_ sequence: Int64, by service: ServiceName, at: Instant) throws {
    try database.run(
      """
      INSERT INTO unpublished_events (sequence, service, recorded_at) VALUES (?, ?, ?)
      ON CONFLICT DO NOTHING
      """, [sequence, service.rawValue, at.milliseconds])
  }

  func published(_ sequences: [Int64]) throws {
    try database.runMany(
      "DELETE FROM unpublished_events WHERE sequence = ?", sequences.map { [$0] })
  }

  func unpublished(of answer: AnswerKey) throws -> [StoredEvent] {
    try database.all(
      """
      SELECT \(EventColumns.sql) FROM outgoing_events e JOIN unpublished_events u USING (sequence)
      WHERE e.message_id = ? AND e.service = ? AND e.answered_for = ? ORDER BY e.sequence
      """, [answer.messageID, answer.service.rawValue, answer.account], EventColumns.event)
  }

  func find(_ id: String, _ service: ServiceName) throws -> StoredEvent? {
    try database.first(
      "SELECT \(EventColumns.sql) FROM outgoing_events e WHERE e.id = ? AND e.service = ?",
      [id, service.rawValue], EventColumns.event)
  }

  private func stored(_ id: String, _ service: ServiceName) throws -> StoredEvent {
    guard let found = try find(id, service) else {
      throw StoreError.damaged("event \(id) conflicts on insert but cannot be read back")
    }
    return found
  }
}
