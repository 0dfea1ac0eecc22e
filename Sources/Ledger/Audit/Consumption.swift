import Billing

/// Messages that services acted on, and those among them that nobody committed.
public struct ConsumptionTally: Sendable, Equatable {
  public var answers = 0
  public var unfounded = Violations()

  public init() {}
}

extension LedgerStore {
  /// Whether every message that a service answered was committed, or is a trigger.
  public func consumptionTally() async throws -> ConsumptionTally {
    try await read(.tables) { try ConsumptionQuery(database: $0).tally() }
  }

  /// Message-IDs (left sides) of a period's mails about events that were never committed.
  public func unfoundedMails(_ period: Period) async throws -> Violations {
    try await read(.tables) {
      try ConsumptionQuery(database: $0).unfoundedMails(period)
    }
  }
}

/// Which messages were acted on, held against what was committed. A service answers a message under
/// its id, or under that id with a suffix: `#parked`, `#settled-2`, `#account`, and of a trigger
/// `#opened`, `#opened-…`, `#taken-in-4#opened` and `#refused-…`.
struct ConsumptionQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case messageID = "d.message_id"
    case service = "d.service"
  }

  func tally() throws -> ConsumptionTally {
    var tally = ConsumptionTally()
    tally.answers = try database.count(
      "SELECT count(*) FROM decisions WHERE service <> ?", [ServiceName.closectl.rawValue])
    let others = try database.all(
      """
      SELECT DISTINCT \(Column.sql) FROM decisions d
      WHERE d.service <> ?
        AND NOT EXISTS (SELECT 1 FROM outgoing_events e WHERE e.id = d.message_id)
      ORDER BY d.message_id, d.service
      """, [ServiceName.closectl.rawValue], of: Column.self
    ) { (id: $0[.messageID] as String, service: $0[.service] as String) }
    for (id, service) in others where try !isFounded(id, service) {
      tally.unfounded.add("\(id) answered by \(service)")
    }
    return tally
  }

  /// A trigger is in no ledger, and the end of a close is the reporter's own doing.
  private func isFounded(_ id: String, _ service: String) throws -> Bool {
    if service == ServiceName.reporter.rawValue && id.hasPrefix("close:") { return true }
    guard let mark = id.lastIndex(of: "#") else { return false }
    let isOfTrigger = id[mark...].hasPrefix("#opened") || id[mark...].hasPrefix("#refused-")
    if service == ServiceName.invoicer.rawValue && isOfTrigger { return true }
    return try database.integer(
      "SELECT 1 FROM outgoing_events WHERE id = ? LIMIT 1", [String(id[..<mark])]) != nil
  }

  /// Mails of a period about events that were never committed.
  func unfoundedMails(_ period: Period) throws -> Violations {
    try database.offenders(
      """
      SELECT m.message_id FROM mails m WHERE m.period = ?
        AND NOT EXISTS (SELECT 1 FROM outgoing_events e WHERE e.id = m.about)
      ORDER BY m.message_id
      """, [period.stored])
  }
}
