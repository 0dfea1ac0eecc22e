import Billing

/// The first trigger of a close creates its run; later ones find it, and add accounts imported
/// meanwhile.
struct RunOpening {
  let database: any SQLSession
  let request: RunRequest

  /// Two triggers at once: the second one waits here and finds the first one's run.
  func lock() throws {
    let lock = database.dialect.forUpdate
    if lock.isEmpty { return }
    _ = try database.integer(
      "SELECT value FROM counters WHERE name = 'invoice_number' \(lock)")
  }

  /// The expected set in order of id, ranges by place from 0, and the newest catalogs that price
  /// the month.
  func create() throws -> RunGrowth {
    guard request.rangeSize > 0 else {
      throw LedgerRefusal("a range cannot hold \(request.rangeSize) accounts")
    }
    var run = CloseRun(
      period: request.period, state: .running, requestedBy: request.messageID,
      startedAt: request.at, closedAt: nil, expected: 0, ranges: 0,
      rangeSize: request.rangeSize)
    try insert(run)
    let catalogs = RunCatalogs(database: database, period: run.period)
    try catalogs.pin()
    try catalogs.pinEarlierMonths()
    try LaterPrices(database: database, opening: run.period).markUnbilled()
    // Whether an account that has ended belongs to it depends on what there is to bill.
    return try grow(&run, isFirst: true)
  }

  private func insert(_ run: CloseRun) throws {
    try database.run(
      """
      INSERT INTO close_runs
        (period, state, requested_by, started_at, expected, ranges, range_size)
      VALUES (?, 'running', ?, ?, ?, ?, ?)
      """,
      [
        run.period.stored, run.requestedBy, run.startedAt.milliseconds, run.expected, run.ranges,
        run.rangeSize,
      ])
  }

  /// Remembers with each range the event that announces it: those of the type come in the ranges'
  /// order.
  func record(_ events: [OutgoingEvent], of ranges: Range<Int>) throws -> [StoredEvent] {
    var numbers = ranges.makeIterator()
    let rows = EventRows(database)
    let answer = AnswerKey(
      service: .invoicer, messageID: request.messageID, account: AnswerKey.noAccount)
    return try events.map { event in
      let stored = try rows.record(event, of: answer, at: request.at)
      if event.type == EventType.closeRange.rawValue {
        guard let number = numbers.next() else {
          throw LedgerRefusal("event \(event.id) announces no range")
        }
        try database.run(
          "UPDATE close_ranges SET event = ? WHERE period = ? AND number = ?",
          [stored.sequence, request.period.stored, number])
      }
      return stored
    }
  }

  /// The events of unfinished ranges, to be published again: a message lost outside, for whatever
  /// reason, is replaced by triggering the close once more.
  func unfinished(of run: CloseRun) throws -> [StoredEvent] {
    let events = try database.all(
      """
      SELECT \(EventColumns.sql) FROM close_ranges r JOIN outgoing_events e ON e.sequence = r.event
      WHERE r.period = ? AND r.done = 0 ORDER BY r.number
      """, [run.period.stored], EventColumns.event)
    let rows = EventRows(database)
    for event in events {
      try rows.markUnpublished(event.sequence, by: event.service, at: request.at)
    }
    try tellAgain(of: run)
    return events
  }

  /// Younger events are on their way, and need not be published twice.
  static let patienceSeconds: Int64 = 60

  /// If one of several queues was missing, the broker had nothing to return: an event was
  /// confirmed, but one of its consumers never received it. So the events of unfinished accounts
  /// are marked unpublished again; each service publishes its own, and consumers recognise the ids.
  private func tellAgain(of run: CloseRun) throws {
    try database.run(
      """
      INSERT INTO unpublished_events (sequence, service, recorded_at)
      SELECT e.sequence, e.service, e.recorded_at
      FROM close_members m
      JOIN decisions d ON d.account = m.account AND d.account <> 0
      JOIN outgoing_events e ON e.message_id = d.message_id AND e.service = d.service
        AND e.answered_for = d.account
      WHERE m.period = ?1 AND NOT (m.ended IS NOT NULL AND m.milestones & 15 = 15)
        AND e.period = ?1 AND e.recorded_at < ?2
      ON CONFLICT DO NOTHING
      """,
      [
        run.period.stored,
        request.at.adding(seconds: -Self.patienceSeconds).milliseconds,
      ])
  }
}
