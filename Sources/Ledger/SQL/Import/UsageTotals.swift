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

  var isFull: Bool { sums.count >= Self.limit }

  mutating func add(_ key: Key, _ coefficient: Int64, events: Int = 1) throws {
    let before = sums[key, default: (0, 0)]
    let (sum, overflow) = before.coefficient.addingReportingOverflow(coefficient)
    if overflow { throw MoneyError.overflow }
    sums[key] = (sum, before.events + events)
  }

  /// A sum that no longer fits in the table is an error of the database's.
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
  }
}
