import Billing
import GRDB

/// Outgoing events: recorded once, kept for ever, unpublished until the broker confirmed them.
struct EventRows {
  let database: Database

  init(_ database: Database) {
    self.database = database
  }

  /// The same id of the same service again changes nothing and returns what is stored.
  func record(_ event: OutgoingEvent, of answer: Answer, at: Instant) throws -> StoredEvent {
    let isNew = try database.runCounting(
      """
      INSERT INTO outgoing_events
        (id, service, message_id, answered_for, type, routing_key, account, period, recorded_at,
         body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, service) DO NOTHING
      """,
      [
        event.id, answer.service.rawValue, answer.messageID, answer.account, event.type,
        event.routingKey, event.account, event.period?.stored, at.milliseconds, event.body,
      ])
    guard isNew == 1 else { return try stored(event.id, answer.service) }
    let sequence = database.lastInsertedRowID
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

  func published(_ sequence: Int64) throws {
    try database.run("DELETE FROM unpublished_events WHERE sequence = ?", [sequence])
  }

  func unpublished(of answer: Answer) throws -> [StoredEvent] {
    try database.all(
      """
      SELECT \(EventColumns.sql) FROM outgoing_events e JOIN unpublished_events u USING (sequence)
      WHERE e.message_id = ? AND e.service = ? AND e.answered_for = ? ORDER BY e.sequence
      """, [answer.messageID, answer.service.rawValue, answer.account], EventColumns.event)
  }

  private func stored(_ id: String, _ service: ServiceName) throws -> StoredEvent {
    let found = try database.first(
      "SELECT \(EventColumns.sql) FROM outgoing_events e WHERE e.id = ? AND e.service = ?",
      [id, service.rawValue], EventColumns.event)
    guard let found else { throw StoreError.damaged("event \(id) is there and is not") }
    return found
  }
}
