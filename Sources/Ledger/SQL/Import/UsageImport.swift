import Billing

/// Usage rows of any order and number. The unique key of account and event id makes repeating an
/// import harmless, inside a file too: the first row of an id counts.
final class UsageImport {
  private let database: any SQLSession
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

  init(_ database: any SQLSession) {
    self.database = database
  }

  func run(
    _ next: () throws -> [UsageRow]?
  ) throws -> (count: ImportCount, refused: [RefusedRow]) {
    try database.expectManyRows(true)
    while let rows = try next() {
      try add(rows)
      if totals.isFull { try totals.write(to: database) }
    }
    try totals.write(to: database)
    let touched = meters.values.compactMap { $0 }.filter(\.isTouched)
    try database.runMany(
      "UPDATE accounts SET usage_version = usage_version + 1 WHERE key = ?",
      touched.map(\.key).sorted().map { [$0] })
    try database.expectManyRows(false)
    return (count, refused)
  }

  /// A row that can be stored.
  private struct Reading {
    var row: UsageRow
    var meter: Meter
    var key: UsageTotals.Key
    var coefficient: Int64

    var values: SQLValues {
      [
        key.account, row.eventID, key.period, key.metric, coefficient, key.scale,
        row.start.milliseconds, row.end.milliseconds,
      ]
    }
  }

  private func add(_ rows: [UsageRow]) throws {
    let readings = try rows.compactMap(reading)
    let isNew = try database.insertNew(
      """
      INSERT INTO usage
        (account, event_id, period, metric, coefficient, scale, starts_at, ends_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, event_id) DO NOTHING
      """, readings.map(\.values), keyed: [0, 1])
    for (reading, isNew) in zip(readings, isNew) where isNew {
      try totals.add(reading.key, reading.coefficient)
      reading.meter.isTouched = true
      count.added += 1
    }
    let known = zip(readings, isNew).filter { !$0.1 }.map(\.0)
    let differing = try database.collect(known, differingColumn)
    for (reading, column) in zip(known, differing) {
      if let column {
        let event = "event \(reading.row.eventID)"
        refuse(reading.row, "event_id", "\(event) is there already with another \(column)")
      } else {
        count.unchanged += 1
      }
    }
  }

  /// `nil` for a row that was refused.
  private func reading(_ row: UsageRow) throws -> Reading? {
    guard let meter = try meter(of: row.account) else {
      refuse(row, "account_id", "account \(row.account) is not known")
      return nil
    }
    guard let (coefficient, scale) = row.quantity.stored else {
      refuse(row, "quantity", "\(row.quantity) has more digits than can be kept")
      return nil
    }
    let key = UsageTotals.Key(
      account: meter.key, period: try period(of: row.start, meter),
      metric: try metric(row.metric), scale: scale)
    return Reading(row: row, meter: meter, key: key, coefficient: coefficient)
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
  private func differingColumn(_ reading: Reading) throws -> String? {
    let row = reading.row
    let differing = try database.first(
      """
      SELECT m.name, u.coefficient, u.scale, u.starts_at, u.ends_at
      FROM usage u JOIN metrics m ON m.key = u.metric WHERE u.account = ? AND u.event_id = ?
      """, [reading.meter.key, row.eventID]
    ) { stored -> String? in
      let quantity = ExactDecimal(coefficient: stored[1], scale: stored[2])
      if stored[0] as String != row.metric { return "metric" }
      if quantity != row.quantity { return "quantity" }
      if stored[3] as Int64 != row.start.milliseconds { return "start" }
      return stored[4] as Int64 == row.end.milliseconds ? nil : "end"
    }
    return differing ?? nil
  }

  private func refuse(_ row: UsageRow, _ column: String, _ reason: String) {
    refused.append(RefusedRow(line: row.line, column: column, reason: reason))
  }
}
