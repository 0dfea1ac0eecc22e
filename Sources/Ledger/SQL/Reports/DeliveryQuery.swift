import Billing

/// Events that a service is to hear of, and those it has not answered. A message that was parked,
/// and the trigger of a close, are answered under an id of their own.
struct DeliveryQuery {
  let database: any SQLSession
  let period: Period
  let routingKeys: [String]

  func tally(_ service: ServiceName) throws -> DeliveryTally {
    var tally = DeliveryTally()
    var values: SQLValues = [period.stored]
    for key in routingKeys { values.append(key) }
    let keys = routingKeys.map { _ in "?" }.joined(separator: ", ")
    let meant = "(e.period = ? OR e.period IS NULL) AND e.routing_key IN (\(keys))"
    tally.events = try database.count(
      "SELECT count(*) FROM outgoing_events e WHERE \(meant)", values)
    tally.unanswered = try database.all(
      """
      SELECT e.id, e.recorded_at,
        NOT EXISTS (SELECT 1 FROM unpublished_events u WHERE u.sequence = e.sequence)
      FROM outgoing_events e
      WHERE \(meant) AND NOT EXISTS (
        SELECT 1 FROM decisions d WHERE d.service = ?
          AND d.message_id IN (e.id, e.id || '#parked', e.id || '#opened'))
      ORDER BY e.sequence
      """, values + [service.rawValue]
    ) { row in
      DeliveryTally.Unanswered(
        id: row[0], recordedAt: Instant(milliseconds: row[1]), isPublished: row[2])
    }
    return tally
  }
}
