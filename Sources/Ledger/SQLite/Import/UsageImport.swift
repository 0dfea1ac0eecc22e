import Billing
import GRDB

/// Usage rows of any order and number. The unique key of account and event id makes repeating an
/// import harmless, inside a file too: the first row of an id counts.
final class UsageImport {
  private let database: Database
  private var meters: [String: Meter?] = [:]
  private var metrics: [String: Int64] = [:]
  private var totals = UsageTotals()
  private var count = ImportCount()
  private var refused: [RefusedRow] = []

  /// An account that rows were seen of, and the period of the last one: most are of the same.
  private final class Meter {
    let key: Int64
    let timeZone: String
    var interval: Range<Instant>?
    var period = 0
    var isTouched = false

    init(key: Int64, timeZone: String) {
      self.key = key
      self.timeZone = timeZone
    }
  }

  init(_ database: Database) {
    self.database = database
  }

  func run(
    _ next: () throws -> [UsageRow]?
  ) throws -> (count: ImportCount, refused: [RefusedRow]) {
    try database.execute(sql: "PRAGMA cache_size = -128000")
    while let rows = try next() {
      for row in rows { try add(row) }
      if totals.isFull { try totals.write(to: database) }
    }
    try totals.write(to: database)
    for meter in meters.values.compactMap({ $0 }) where meter.isTouched {
      try database.run(
        "UPDATE accounts SET usage_version = usage_version + 1 WHERE key = ?", [meter.key])
    }
    try database.execute(sql: "PRAGMA cache_size = -16000")
    return (count, refused)
  }

  private func add(_ row: UsageRow) throws {
    guard let meter = try meter(of: row.account) else {
      return refuse(row, "account_id", "account \(row.account) is not known")
    }
    guard let (coefficient, scale) = row.quantity.stored else {
      return refuse(row, "quantity", "\(row.quantity) has more digits than can be kept")
    }
    let period = try period(of: row.start, meter)
    let metric = try metric(row.metric)
    let inserted = try database.runCounting(
      """
      INSERT INTO usage
        (account, event_id, period, metric, coefficient, scale, starts_at, ends_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, event_id) DO NOTHING
      """,
      [
        meter.key, row.eventID, period, metric, coefficient, scale, row.start.milliseconds,
        row.end.milliseconds,
      ])
    guard inserted == 1 else { return try compare(row, meter) }
    try totals.add(
      .init(account: meter.key, period: period, metric: metric, scale: scale), coefficient)
    meter.isTouched = true
    count.added += 1
  }

  private func meter(of account: String) throws -> Meter? {
    if let known = meters[account] { return known }
    let found = try database.first(
      "SELECT key, time_zone FROM accounts WHERE id = ?", [account]
    ) { Meter(key: $0[0], timeZone: $0[1]) }
    meters.updateValue(found, forKey: account)
    return found
  }

  private func metric(_ name: String) throws -> Int64 {
    if let known = metrics[name] { return known }
    try database.run("INSERT INTO metrics (name) VALUES (?) ON CONFLICT DO NOTHING", [name])
    let key = try database.integer("SELECT key FROM metrics WHERE name = ?", [name])
    guard let key else { throw StoreError.damaged("metric \(name) is there and is not") }
    metrics[name] = key
    return key
  }

  private func period(of start: Instant, _ meter: Meter) throws -> Int {
    if let interval = meter.interval, interval.contains(start) { return meter.period }
    let period = try Period.containing(start, in: meter.timeZone)
    meter.interval = try period.interval(in: meter.timeZone)
    meter.period = period.stored
    return meter.period
  }

  /// The id is there already: with the same content it is the same event.
  private func compare(_ row: UsageRow, _ meter: Meter) throws {
    let differing = try database.first(
      """
      SELECT m.name, u.coefficient, u.scale, u.starts_at, u.ends_at
      FROM usage u JOIN metrics m ON m.key = u.metric WHERE u.account = ? AND u.event_id = ?
      """, [meter.key, row.eventID]
    ) { stored -> String? in
      let quantity = ExactDecimal(coefficient: stored[1], scale: stored[2])
      if stored[0] as String != row.metric { return "metric" }
      if quantity != row.quantity { return "quantity" }
      if stored[3] as Int64 != row.start.milliseconds { return "start" }
      return stored[4] as Int64 == row.end.milliseconds ? nil : "end"
    }
    if let column = differing ?? nil {
      refuse(row, "event_id", "event \(row.eventID) is there already with another \(column)")
    } else {
      count.unchanged += 1
    }
  }

  private func refuse(_ row: UsageRow, _ column: String, _ reason: String) {
    refused.append(RefusedRow(line: row.line, column: column, reason: reason))
  }
}
