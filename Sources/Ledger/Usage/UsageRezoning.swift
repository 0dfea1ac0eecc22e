import Billing

/// An account's time zone was corrected: its usage moves to the periods of the new zone, except
/// usage of an invoiced period, which was billed and stays where it is.
struct UsageRezoning {
  private let database: any SQLSession
  private let account: Int64
  private let timeZone: String

  init(_ database: any SQLSession, account: Int64, timeZone: String) {
    self.database = database
    self.account = account
    self.timeZone = timeZone
  }

  private struct Event {
    var id: String
    var key: UsageTotals.Key
    var coefficient: Int64
    var start: Instant

    enum Column: String, ColumnList {
      case id = "event_id"
      case period, metric, scale, coefficient
      case start = "starts_at"
    }
  }

  /// Throws `MoneyError.overflow` if a month's usage would be too large to store.
  func run() throws {
    var totals = UsageTotals()
    let moves = try unbilled().map { event in
      (event: event, period: try Period.containing(event.start, in: timeZone).stored)
    }.filter { $0.period != $0.event.key.period }
    var room = try totals.room(
      for: moves.map { move in
        var key = move.event.key
        key.period = move.period
        return key
      }, database)
    for (event, period) in moves {
      try database.run(
        "UPDATE usage SET period = ? WHERE account = ? AND event_id = ?",
        [period, account, event.id])
      let (negated, overflow) = Int64(0).subtractingReportingOverflow(event.coefficient)
      if overflow { throw MoneyError.overflow }
      try totals.add(event.key, negated, events: -1)
      var key = event.key
      key.period = period
      guard room.take(key, event.coefficient) else { throw MoneyError.overflow }
      try totals.add(key, event.coefficient)
    }
    try totals.write(to: database)
    try database.run("DELETE FROM usage_sums WHERE account = ? AND events = 0", [account])
    try database.run(
      """
      DELETE FROM unbilled_periods WHERE account = ? AND period NOT IN (
        SELECT period FROM usage_sums WHERE account = unbilled_periods.account)
      """, [account])
    try database.run(
      AccountColumns.outdatingDrafts, [account])
  }

  private func unbilled() throws -> [Event] {
    try database.all(
      """
      SELECT \(Event.Column.sql) FROM usage
      WHERE account = ? AND period NOT IN (SELECT period FROM billed_usage WHERE account = ?)
        AND period NOT IN (
          SELECT i.period FROM invoices i WHERE i.account = ? AND \(InvoiceOfMonth.isIndexed))
      """, [account, account, account], of: Event.Column.self
    ) { row in
      Event(
        id: row[.id],
        key: .init(
          account: account, period: row[.period], metric: row[.metric], scale: row[.scale]),
        coefficient: row[.coefficient], start: Instant(milliseconds: row[.start]))
    }
  }
}
