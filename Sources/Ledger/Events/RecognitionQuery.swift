import Billing

/// Whether a message was committed, and whether a service has answered it. An uncommitted message
/// is never "answered": its id may be that of a future event.
struct RecognitionQuery {
  let database: any SQLSession
  let service: ServiceName

  func recognise(_ message: ReceivedMessage) throws -> Recognition {
    guard let sender = message.sender else {
      if let replay = message.replay, try !isRecorded(replay) { return .notCommitted(.notReplayed) }
      return try answered(message.id).map { .answered($0) } ?? .fresh
    }
    let rows = try rows(message)
    guard let own = rows.first(where: { $0.sender == sender.rawValue }) else {
      return .notCommitted(rows.first.map { .anotherService($0.sender) } ?? .noSuchEvent)
    }
    if !own.hasItsBytes { return .notCommitted(.otherBytes) }
    return own.isAnswered ? .answered(try unpublished(message.id)) : .fresh
  }

  private struct Committed {
    var sender: String
    var hasItsBytes: Bool
    var isAnswered: Bool

    /// The last is no EXISTS: PostgreSQL would rather read every decision of the service once, into
    /// a hash, than look some up by their key.
    enum Column: String, ColumnList {
      case sender = "e.service"
      case hasItsBytes = "e.body = ?2"
      case isAnswered = """
        (SELECT 1 FROM decisions d
          WHERE d.message_id = ?1 AND d.service = ?3 LIMIT 1) IS NOT NULL
        """
    }

    static let byID = "SELECT \(Column.sql) FROM outgoing_events e WHERE e.id = ?1"
  }

  /// One look-up by a unique key, for all three questions.
  private func rows(_ message: ReceivedMessage) throws -> [Committed] {
    try database.all(
      Committed.byID, [message.id, message.body, service.rawValue], of: Committed.Column.self
    ) { row in
      Committed(
        sender: row[.sender], hasItsBytes: row[.hasItsBytes], isAnswered: row[.isAnswered])
    }
  }

  private func isRecorded(_ replay: ReplayedLetter) throws -> Bool {
    try database.integer(
      """
      SELECT 1 FROM dead_actions a JOIN dead_manifests m ON m.key = a.manifest
      WHERE a.letter = ? AND a.body_hash = ? AND m.action = 'replay' LIMIT 1
      """, [replay.id, replay.bodyHash]) != nil
  }

  /// The events that were made and whose publication is not recorded; `nil`: not answered yet.
  func answered(_ id: String) throws -> [StoredEvent]? {
    let decision = try database.integer(
      "SELECT 1 FROM decisions WHERE message_id = ? AND service = ? LIMIT 1",
      [id, service.rawValue])
    return decision == nil ? nil : try unpublished(id)
  }

  private func unpublished(_ id: String) throws -> [StoredEvent] {
    try database.all(
      """
      SELECT \(EventColumns.sql)
      FROM outgoing_events e JOIN unpublished_events u USING (sequence)
      WHERE e.message_id = ? AND e.service = ? ORDER BY e.sequence
      """, [id, service.rawValue], EventColumns.event)
  }
}
