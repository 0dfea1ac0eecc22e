/// Sums in SQL that cannot overflow: amounts are added in two parts, whole thousand millions and
/// what is left of them. SQLite's own `sum()` gives up the whole statement when it passes 64 bits
/// on its way, even where the result would fit.
enum WideSum {
  private static let unit: Int64 = 1_000_000_000

  /// Two columns, both NULL where there is nothing to add: one of a `ColumnList`'s `sums`.
  static func sql(_ amount: String) -> String { "\(high(amount)), \(low(amount))" }

  /// For a list of columns with names: `NAME_high`, `NAME_low`.
  static func sql(_ amount: String, as name: String) -> String {
    "\(high(amount)) AS \(name)_high, \(low(amount)) AS \(name)_low"
  }

  /// The columns of `sql(_:as:)`, added up again.
  static func sql(of name: String) -> String {
    "CAST(sum(\(name)_high) AS bigint), CAST(sum(\(name)_low) AS bigint)"
  }

  /// Whether a sum is another than `value`, a column or 0.
  static func differs(_ high: String, _ low: String, from value: String = "0") -> String {
    let rest = "(\(low) - (\(value)) % \(unit))"
    // Where there is no remainder the division is exact in both stores.
    return "(\(rest) % \(unit) <> 0 OR \(high) - (\(value)) / \(unit) + \(rest) / \(unit) <> 0)"
  }

  static func differs(_ amount: String, from value: String = "0") -> String {
    differs("coalesce(\(high(amount)), 0)", "coalesce(\(low(amount)), 0)", from: value)
  }

  static func wide(_ high: Int64, _ low: Int64) -> Int128 {
    Int128(high) * Int128(unit) + Int128(low)
  }

  static func value(_ sum: Int128) throws -> Int64 {
    guard let value = Int64(exactly: sum) else {
      throw LedgerRefusal("a sum of amounts is \(sum) minor units, too large to show")
    }
    return value
  }

  private static func high(_ amount: String) -> String {
    "CAST(sum((\(amount)) / \(unit)) AS bigint)"
  }

  private static func low(_ amount: String) -> String {
    "CAST(sum((\(amount)) % \(unit)) AS bigint)"
  }
}
