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

  private struct Row {
    var eventID: String
    var key: UsageTotals.Key
    var coefficient: Int64
    var start: Instant
  }

  /// Throws `MoneyError.overflow` if a month's usage would be too large to store.
  func run() throws {
    var totals = UsageTotals()
    let moves = try unbilledRows().map { row in
      (row: row, period: try Period.containing(row.start, in: timeZone).stored)
    }.filter { $0.period != $0.row.key.period }
    var room = try totals.room(
      for: moves.map { move in
        var key = move.row.key
        key.period = move.period
        return key
      }, database)
    for (row, period) in moves {
      try database.run(
        "UPDATE usage SET period = ? WHERE account = ? AND event_id = ?",
        [period, account, row.eventID])
      let (negated, overflow) = Int64(0).subtractingReportingOverflow(row.coefficient)
      if overflow { throw MoneyError.overflow }
      try totals.add(row.key, negated, events: -1)
      var key = row.key
      key.period = period
      guard room.take(key, row.coefficient) else { throw MoneyError.overflow }
      try totals.add(key, row.coefficient)
    }
    try totals.write(to: database)
    try database.run("DELETE FROM usage_sums WHERE account = ? AND events = 0", [account])
    try database.run(
      """
      DELETE FROM unbilled_periods WHERE account = ? AND period NOT IN (
        SELECT period FROM usage_sums WHERE account = unbilled_periods.account)
      """, [account])
    try database.run(
      "UPDATE accounts SET usage_version = usage_version + 1 WHERE key = ?", [account])
  }

  private func unbilledRows() throws -> [Row] {
    try database.all(
      """
      SELECT event_id, period, metric, scale, coefficient, starts_at FROM usage
      WHERE account = ? AND period NOT IN (SELECT period FROM billed_usage WHERE account = ?)
        AND period NOT IN (
          SELECT period FROM invoices WHERE account = ? AND status <> 'void')
      """, [account, account, account]
    ) { row in
      Row(
        eventID: row[0],
        key: .init(account: account, period: row[1], metric: row[2], scale: row[3]),
        coefficient: row[4], start: Instant(milliseconds: row[5]))
    }
  }
}
