import Billing

/// A message as it was received, to be looked up among what was committed.
public struct ReceivedMessage: Sendable, Equatable {
  public var id: String
  /// The service whose event it has to be; `nil` for a trigger, which no ledger has.
  public var sender: ServiceName?
  public var body: [UInt8]
  /// A trigger that came as a replay: the dead letter it has to be.
  public var replay: ReplayedLetter?

  public init(id: String, sender: ServiceName?, body: [UInt8], replay: ReplayedLetter? = nil) {
    self.id = id
    self.sender = sender
    self.body = body
    self.replay = replay
  }
}

/// A dead letter as an operator's record of a replay names it.
public struct ReplayedLetter: Sendable, Equatable {
  public var id: String
  public var bodyHash: String

  public init(id: String, bodyHash: String) {
    self.id = id
    self.bodyHash = bodyHash
  }
}

/// What the ledger says of a message before anybody acts on it.
public enum Recognition: Sendable, Equatable {
  /// Committed, and not answered yet by the service that asks.
  case fresh
  /// Answered before, with the events that came of it whose publication is not recorded.
  case answered([StoredEvent])
  case notCommitted(NotCommitted)
}

/// What is missing of a message that nobody committed.
public enum NotCommitted: Sendable, Equatable {
  case noSuchEvent
  case otherBytes
  /// No operator replayed this trigger.
  case notReplayed
  /// There is an event of this id, by a service that does not send this type.
  case anotherService(String)
}

extension ReceivedMessage {
  /// A message with a new snapshot (`dead refresh`) is an operator's, whatever its type.
  public init(_ event: Event, body: [UInt8]) {
    let sender = event.type.sender.map { event.refreshof == nil ? $0 : .closectl }
    self.init(id: event.id, sender: sender, body: body)
  }
}

extension LedgerStore {
  /// What the ledger has of messages that `service` received, in order: whether each was committed,
  /// with these bytes, by the service whose event it is, and whether `service` has answered it.
  public func recognise(
    _ messages: [ReceivedMessage], by service: ServiceName
  ) async throws -> [Recognition] {
    guard let probe else { return try await recognised(messages, service) }
    return try await probe.recognising(messages, by: service) {
      try await recognised(messages, service)
    }
  }

  private func recognised(
    _ messages: [ReceivedMessage], _ service: ServiceName
  ) async throws -> [Recognition] {
    try await each(of: messages) { RecognitionQuery(database: $0, service: service).recognise }
  }

  /// Which of these messages this service has answered already (for any account), with the events
  /// it made whose publication is not recorded.
  public func answered(
    _ messageIDs: [String], by service: ServiceName
  ) async throws -> [String: [StoredEvent]] {
    try await readKeyed(messageIDs) { RecognitionQuery(database: $0, service: service).answered }
  }
}

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
