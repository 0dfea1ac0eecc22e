import Billing

extension Writing {
  /// A range that was announced again is done when its last event is answered.
  func rangeDone(_ period: Period, _ number: Int) throws {
    try database.run(
      """
      UPDATE close_ranges SET done = 1 WHERE period = ?1 AND number = ?2 AND coalesce(
        (SELECT e.sequence FROM outgoing_events e WHERE e.id = ?3 AND e.service = ?4), event, 0)
        >= coalesce(event, 0)
      """, [period.stored, number, change.messageID, change.service.rawValue])
  }

  /// Its checks found it finished. Adding an account again meanwhile keeps it open.
  func closeRun(_ period: Period) throws {
    // What this batch has finished is written at its end.
    let added = try book.run(period)?.added ?? 0
    let closed = try database.runCounting(
      """
      UPDATE close_runs SET state = 'closed', closed_at = ?
      WHERE period = ? AND state = 'running' AND finished + ? = expected
      """, [change.at.milliseconds, period.stored, added])
    if closed > 0 { return }
    guard try RunRows(database).run(period)?.state == .closed else {
      throw LedgerRefusal("an account was added to \(period) again, so it is not closed yet")
    }
  }
}
