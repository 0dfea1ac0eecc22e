import Billing

public struct DeliveryTally: Sendable, Equatable {
  public struct Unanswered: Sendable, Equatable {
    public var id: String
    public var recordedAt: Instant
    public var isPublished: Bool

    public init(id: String, recordedAt: Instant, isPublished: Bool) {
      self.id = id
      self.recordedAt = recordedAt
      self.isPublished = isPublished
    }
  }
  public var events = 0
  public var unanswered: [Unanswered] = []

  public init() {}
}

extension LedgerStore {
  /// Events of the period, or of none, with these routing keys, and those among them that
  /// `service` has not answered.
  public func deliveryTally(
    _ period: Period, to service: ServiceName, routingKeys: [String]
  ) async throws -> DeliveryTally {
    try await read(.tables) { database in
      try DeliveryQuery(database: database, period: period, routingKeys: routingKeys)
        .tally(service)
    }
  }

  private enum BodyColumn: String, ColumnList { case id, body }

  /// The bodies under which events of these ids were committed.
  public func committedBodies(_ ids: [String]) async throws -> [String: [[UInt8]]] {
    let rows = try await inPages(ids) { database, page, places in
      try database.all(
        "SELECT \(BodyColumn.sql) FROM outgoing_events WHERE id IN (\(places))", page,
        of: BodyColumn.self
      ) { ($0[.id] as String, $0[.body] as [UInt8]) }
    }
    return rows.reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
  }
}

/// Events that a service is to hear of, and those it has not answered. A message that was parked,
/// and the trigger of a close, are answered under an id of their own.
struct DeliveryQuery {
  let database: any SQLSession
  let period: Period
  let routingKeys: [String]

  private enum Column: String, ColumnList {
    case id = "e.id"
    case recordedAt = "e.recorded_at"
    case isPublished =
      "NOT EXISTS (SELECT 1 FROM unpublished_events u WHERE u.sequence = e.sequence)"
  }

  func tally(_ service: ServiceName) throws -> DeliveryTally {
    var tally = DeliveryTally()
    var values: SQLValues = [period.stored]
    for key in routingKeys { values.append(key) }
    let meant = Hearing.isMeant(routingKeys)
    tally.events = try database.count(
      "SELECT count(*) FROM outgoing_events e WHERE \(meant)", values)
    tally.unanswered = try database.all(
      """
      SELECT \(Column.sql)
      FROM outgoing_events e
      WHERE \(meant) AND \(Hearing.isUnanswered)
      ORDER BY e.sequence
      """, values + [service.rawValue], of: Column.self
    ) { row in
      DeliveryTally.Unanswered(
        id: row[.id], recordedAt: Instant(milliseconds: row[.recordedAt]),
        isPublished: row[.isPublished])
    }
    return tally
  }
}
