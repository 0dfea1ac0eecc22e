import Billing
import GRDB

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

  var isFull: Bool { sums.count >= Self.limit }

  mutating func add(_ key: Key, _ coefficient: Int64, events: Int = 1) throws {
    let before = sums[key, default: (0, 0)]
    let (sum, overflow) = before.coefficient.addingReportingOverflow(coefficient)
    if overflow { throw MoneyError.overflow }
    sums[key] = (sum, before.events + events)
  }

  /// A sum that no longer fits in the table is an error of SQLite's, since the table is strict.
  mutating func write(to database: Database) throws {
    for (key, sum) in sums {
      try database.run(
        """
        INSERT INTO usage_sums (account, period, metric, scale, coefficient, events)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE
        SET coefficient = coefficient + excluded.coefficient, events = events + excluded.events
        """, [key.account, key.period, key.metric, key.scale, sum.coefficient, sum.events])
      if sum.events > 0 {
        try database.run(
          "INSERT INTO unbilled_periods (account, period) VALUES (?, ?) ON CONFLICT DO NOTHING",
          [key.account, key.period])
      }
    }
    sums.removeAll(keepingCapacity: true)
  }
}
