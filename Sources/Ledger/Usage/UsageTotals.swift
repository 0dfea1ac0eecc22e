import Billing

/// What rows add to `usage_sums`, gathered in memory and written in one go. Everything that gains
/// usage becomes unbilled until an invoice contains it.
struct UsageTotals {
  /// Gathered sums are written early when there are this many, so that memory stays bounded.
  static let limit = 100_000

  struct Key: Hashable {
    var account: Int64
    var period: Int
    var metric: Int64
    var scale: Int
  }

  private var sums: [Key: (coefficient: Int64, events: Int)] = [:]
  /// Whether the table had a large sum when it was looked at last, which is once for every time
  /// the sums are written.
  private var hasLargeStored: Bool?
  private var hasLargeGathered = false

  var isFull: Bool { sums.count >= Self.limit }

  /// A portion of rows that are not large adds less than 2^60 to any sum, so a sum that is not
  /// large before it fits after it.
  private static let large: Int64 = 1 << 60
  static func isLarge(_ coefficient: Int64) -> Bool {
    coefficient.magnitude > 1 << 46
  }

  mutating func mayOverflow(_ database: any SQLSession) throws -> Bool {
    if hasLargeGathered { return true }
    if let hasLargeStored { return hasLargeStored }
    let found = try database.integer(
      "SELECT account FROM usage_sums WHERE coefficient > ? OR coefficient < ? LIMIT 1",
      [Self.large, -Self.large])
    hasLargeStored = found != nil
    return found != nil
  }

  /// The current sums, so that each row can be checked for whether it fits.
  struct Room {
    fileprivate var sums: [Key: Int64] = [:]

    mutating func take(_ key: Key, _ coefficient: Int64) -> Bool {
      let (sum, overflow) = sums[key, default: 0].addingReportingOverflow(coefficient)
      if !overflow { sums[key] = sum }
      return !overflow
    }
  }

  func room(for keys: [Key], _ database: any SQLSession) throws -> Room {
    let distinct = Array(Set(keys))
    let stored = try database.collect(distinct) { key in
      try database.integer(
        """
        SELECT coefficient FROM usage_sums
        WHERE account = ? AND period = ? AND metric = ? AND scale = ?
        """, [key.account, key.period, key.metric, key.scale]) ?? 0
    }
    var room = Room()
    for (key, stored) in zip(distinct, stored) {
      // Both were checked when they were taken in: their sum fits.
      room.sums[key] = stored &+ (sums[key]?.coefficient ?? 0)
    }
    return room
  }

  mutating func add(_ key: Key, _ coefficient: Int64, events: Int = 1) throws {
    let before = sums[key, default: (0, 0)]
    let sum = try before.coefficient.adding(coefficient)
    sums[key] = (sum, before.events + events)
    if sum.magnitude > UInt64(Self.large) { hasLargeGathered = true }
  }

  mutating func write(to database: any SQLSession) throws {
    try database.runMany(
      """
      INSERT INTO usage_sums (account, period, metric, scale, coefficient, events)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (account, period, metric, scale) DO UPDATE
      SET coefficient = usage_sums.coefficient + excluded.coefficient,
        events = usage_sums.events + excluded.events
      """,
      sums.map { key, sum in
        [key.account, key.period, key.metric, key.scale, sum.coefficient, sum.events]
      })
    try database.runMany(
      """
      INSERT INTO unbilled_periods (account, period) VALUES (?, ?)
      ON CONFLICT (account, period) DO NOTHING
      """,
      sums.compactMap { key, sum in sum.events > 0 ? [key.account, key.period] : nil })
    sums.removeAll(keepingCapacity: true)
    hasLargeStored = nil
    hasLargeGathered = false
  }
}
