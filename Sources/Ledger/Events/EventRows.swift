import Billing

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
