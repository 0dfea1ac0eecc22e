import Billing

public struct UnansweredQuestion: Sendable {
  public var period: Period
  public var service: ServiceName
  public var routingKeys: [String]
  public var before: Instant
  public var after: Int64
  public var limit: Int

  public init(
    period: Period, service: ServiceName, routingKeys: [String], before: Instant,
    after: Int64 = 0, limit: Int
  ) {
    self.period = period
    self.service = service
    self.routingKeys = routingKeys
    self.before = before
    self.after = after
    self.limit = limit
  }
}

extension LedgerStore {
  /// Published events of a period, or of none, with these routing keys, recorded before `before`,
  /// that this service has not answered; in order, after number `after`.
  public func unanswered(_ question: UnansweredQuestion) async throws -> [StoredEvent] {
    try await read { try UnansweredQuery(database: $0, question: question).events() }
  }

  /// When this service last answered anything.
  public func lastAnswer(by service: ServiceName) async throws -> Instant? {
    try await read { database in
      Instant(
        stored: try database.integer(
          "SELECT decided_at FROM decisions WHERE service = ? ORDER BY sequence DESC LIMIT 1",
          [service.rawValue]))
    }
  }
}

/// What a service is to hear of `outgoing_events e`, and what it has not answered, as conditions.
enum Hearing {
  /// Events of a period, or of none, with these routing keys; takes the period, then the keys.
  static func isMeant(_ routingKeys: [String]) -> String {
    "(e.period = ? OR e.period IS NULL) AND e.routing_key IN (\(SQLList.places(routingKeys.count)))"
  }

  /// Takes the service. What was parked, and the trigger of a close, are answered under an id of
  /// their own.
  static let isUnanswered = """
    NOT EXISTS (
      SELECT 1 FROM decisions d WHERE d.service = ?
        AND d.message_id IN (e.id, e.id || '#parked', e.id || '#opened'))
    """
}

/// Published events that a service is to hear of and has not answered.
struct UnansweredQuery {
  let database: any SQLSession
  let question: UnansweredQuestion

  func events() throws -> [StoredEvent] {
    var values: SQLValues = [question.after, question.period.stored]
    for key in question.routingKeys { values.append(key) }
    values += [question.before.milliseconds, question.service.rawValue, question.limit]
    return try database.all(
      """
      SELECT \(EventColumns.sql) FROM outgoing_events e
      WHERE e.sequence > ? AND \(Hearing.isMeant(question.routingKeys)) AND e.recorded_at <= ?
        AND \(Hearing.isUnanswered)
        AND NOT EXISTS (SELECT 1 FROM unpublished_events u WHERE u.sequence = e.sequence)
      ORDER BY e.sequence LIMIT ?
      """, values, EventColumns.event)
  }
}
