import Billing

extension LedgerStore {
  /// Pulls rows from `next` until it returns `nil`, all in one transaction. Rows that are refused
  /// (unknown account, known event id with other content) are collected, the others are taken in,
  /// and `keeps` is asked at the end whether all that is kept.
  public func importUsage(
    at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await write(isRepeatable: false) { database in
      try UsageImport(database).run(next)
    } keeps: {
      keeps($0.refused)
    }
  }

  public func importUsage(
    skipBad: Bool, at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?
  ) async throws -> ImportOutcome {
    let keeps: @Sendable ([RefusedRow]) -> Bool = { skipBad || $0.isEmpty }
    return try await importUsage(at: at, next: next, keeps: keeps).kept(keeps)
  }
}

/// Usage rows of any order and number. The unique key of account and event id makes repeating an
/// import harmless, inside a file too: the first row of an id counts.
final class UsageImport {
  private let database: any SQLSession
  private let earlier: EarlierEvents
  private let unpriced: UnpricedImport
  private var meters: [String: Meter?] = [:]
  private var metrics: [String: Int64] = [:]
  private var totals = UsageTotals()
  private var count = ImportCount()
  private var refused: [RefusedRow] = []

  /// An account that rows were seen of, and the period of the last one: most are of the same.
  final class Meter {
    private struct Look {
      var period: Int
      var metric: Int64
      var hadUsage: Bool
    }

    let key: Int64
    let timeZone: String
    let currency: String
    let prices: UnpricedImport.Prices
    /// Months by metric of which there are rows and no price.
    var unpriced: [Int64: Set<Int>] = [:]
    var interval: Range<Instant>?
    var period = 0
    var isTouched = false
    private var looks: [Look] = []

    init(key: Int64, timeZone: String, currency: String, prices: UnpricedImport.Prices) {
      self.currency = currency
      self.prices = prices
      self.key = key
      self.timeZone = timeZone
    }

    /// Whether there was usage of this month and metric before this import; `nil` if not checked.
    func hadUsage(_ key: UsageTotals.Key) -> Bool? { look(key).map { looks[$0].hadUsage } }

    func remember(_ key: UsageTotals.Key, hadUsage: Bool) {
      if let known = look(key) {
        looks[known].hadUsage = hadUsage
      } else {
        looks.append(Look(period: key.period, metric: key.metric, hadUsage: hadUsage))
      }
    }

    private func look(_ key: UsageTotals.Key) -> Int? {
      looks.lastIndex { $0.period == key.period && $0.metric == key.metric }
    }
  }

  init(_ database: any SQLSession) {
    self.database = database
    earlier = EarlierEvents(database)
    unpriced = UnpricedImport(database)
  }

  func run(_ next: () throws -> [UsageRow]?) throws -> ImportOutcome {
    try database.expectManyRows(true)
    while let rows = try next() {
      try add(rows)
      if totals.isFull { try totals.write(to: database) }
    }
    try totals.write(to: database)
    let touched = meters.values.compactMap { $0 }.filter(\.isTouched)
    try database.runMany(
      AccountColumns.outdatingDrafts,
      touched.map(\.key).sorted().map { [$0] })
    try database.expectManyRows(false)
    return ImportOutcome(count: count, refused: refused, unpriced: try unpricedUsage())
  }

  private func unpricedUsage() throws -> UnpricedMetrics {
    let names = Dictionary(uniqueKeysWithValues: metrics.map { ($0.value, $0.key) })
    return try unpriced.usage(
      meters.compactMap { id, meter in meter.map { (account: id, meter: $0) } }, names: names)
  }

  /// A row that can be stored.
  struct Reading {
    var row: UsageRow
    var meter: Meter
    var key: UsageTotals.Key
    var coefficient: Int64

    var values: SQLValues {
      [
        key.account, row.storedEventID, key.period, key.metric, coefficient, key.scale,
        row.start.milliseconds, row.end.milliseconds,
      ]
    }
  }

  private func add(_ rows: [UsageRow]) throws {
    let readings = try refusingLargeSums(try notStoredBefore(try rows.compactMap(reading)))
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
    let stored = try database.collect(known) { reading in
      try StoredUsage.find(database, reading.meter.key, reading.row.storedEventID)
    }
    for (reading, stored) in zip(known, stored) {
      if let column = stored?.differingColumn(reading.row) {
        let name = reading.row.name
        refuse(reading.row, "event_id", "event \(name) already exists with another \(column)")
      } else {
        count.unchanged += 1
      }
    }
  }

  /// Without the events that are stored already, with a source where these have none or without
  /// one where these have it.
  private func notStoredBefore(_ readings: [Reading]) throws -> [Reading] {
    try zip(readings, earlier.look(for: readings)).filter { reading, finding in
      switch finding {
      case .none: return true
      case .same: count.unchanged += 1
      case .changed(let column, let stored):
        let kind = reading.row.source == nil ? "with" : "without"
        refuse(
          reading.row, reading.row.source == nil ? "event_id" : "id",
          "event \(reading.row.name) already exists \(kind) a source, as \(stored), with another "
            + "\(column): a corrected event needs a new id")
      }
      return false
    }.map(\.0)
  }

  /// Rows whose sum would not fit are refused by name, before anything of them is stored. Asked
  /// precisely only where a row or a sum is so large that it might happen.
  private func refusingLargeSums(_ readings: [Reading]) throws -> [Reading] {
    let isOrdinary = readings.allSatisfy { !UsageTotals.isLarge($0.coefficient) }
    if isOrdinary, try !totals.mayOverflow(database) { return readings }
    let known = try database.collect(readings) { reading in
      try database.integer(
        "SELECT period FROM usage WHERE account = ? AND event_id = ?",
        [reading.key.account, reading.row.storedEventID]) != nil
    }
    var room = try totals.room(for: readings.map(\.key), database)
    var added: Set<String> = []
    return zip(readings, known).filter { reading, isKnown in
      let id = "\(reading.key.account) \(reading.row.storedEventID)"
      if isKnown || added.contains(id) { return true }
      if room.take(reading.key, reading.coefficient) {
        added.insert(id)
        return true
      }
      refuse(
        reading.row, "quantity",
        "with \"\(reading.row.quantity)\" the usage of \"\(reading.row.metric)\" of account "
          + "\"\(reading.row.account)\" in this month is too large to store")
      return false
    }.map(\.0)
  }

  /// `nil` for a row that was refused.
  private func reading(_ row: UsageRow) throws -> Reading? {
    guard let meter = try meter(of: row.account) else {
      refuse(row, "account_id", "account \"\(row.account)\" is unknown: import it first")
      return nil
    }
    guard let (coefficient, scale) = row.quantity.stored else {
      refuse(row, "quantity", "\"\(row.quantity)\" has more digits than can be stored")
      return nil
    }
    guard let period = try period(of: row.start, meter) else {
      refuse(row, "start", "\"\(row.start)\" is not within the years 1900 to 9998")
      return nil
    }
    let key = UsageTotals.Key(
      account: meter.key, period: period, metric: try metric(row.metric), scale: scale)
    if try !meter.prices.has(key.metric, row.metric, period) {
      meter.unpriced[key.metric, default: []].insert(period)
    }
    return Reading(row: row, meter: meter, key: key, coefficient: coefficient)
  }

  private enum MeterColumn: String, ColumnList {
    case key
    case timeZone = "time_zone"
    case currency
  }

  private func meter(of account: String) throws -> Meter? {
    if let known = meters[account] { return known }
    let found = try database.first(
      "SELECT \(MeterColumn.sql) FROM accounts WHERE id = ?", [account], of: MeterColumn.self
    ) { row in
      Meter(
        key: row[.key], timeZone: row[.timeZone], currency: row[.currency],
        prices: unpriced.prices(in: row[.currency]))
    }
    meters.updateValue(found, forKey: account)
    return found
  }

  private func metric(_ name: String) throws -> Int64 {
    if let known = metrics[name] { return known }
    try database.run("INSERT INTO metrics (name) VALUES (?) ON CONFLICT DO NOTHING", [name])
    let key = try database.integer("SELECT key FROM metrics WHERE name = ?", [name])
    guard let key else {
      throw StoreError.damaged("metric \(name) conflicts on insert but cannot be read back")
    }
    metrics[name] = key
    return key
  }

  /// `nil` for a time that is in no period: year 1, which some languages take for "no time".
  private func period(of start: Instant, _ meter: Meter) throws -> Int? {
    if let interval = meter.interval, interval.contains(start) { return meter.period }
    let period: Period
    do {
      period = try Period.containing(start, in: meter.timeZone)
    } catch TimeError.unreadablePeriod {
      return nil
    }
    meter.interval = try period.interval(in: meter.timeZone)
    meter.period = period.stored
    return meter.period
  }

  private func refuse(_ row: UsageRow, _ column: String, _ reason: String) {
    refused.append(RefusedRow(line: row.line, column: column, reason: reason))
  }
}
