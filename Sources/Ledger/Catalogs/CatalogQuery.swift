import Billing
import FoundationEssentials

/// Catalogs are stored as JSON with sorted keys, so that equal catalogs are equal texts.
enum CatalogQuery {
  static func encoded(_ catalog: Catalog) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(catalog), as: UTF8.self)
  }

  static func decoded(_ content: String) throws -> Catalog {
    try JSONDecoder().decode(Catalog.self, from: Data(content.utf8))
  }

  enum Column: String, ColumnList {
    case currency = "c.currency"
    case content = "c.content"
  }

  /// By currency; the statement selects `Column`.
  static func decoded(
    _ database: any SQLSession, _ sql: String, _ values: SQLValues
  ) throws -> [String: Catalog] {
    let found = try database.all(sql, values, of: Column.self) { row in
      (row[.currency] as String, try decoded(row[.content]))
    }
    return Dictionary(uniqueKeysWithValues: found)
  }

  /// The version a close that starts now would be started with: the newest in the currency that
  /// prices the month. Both are expressions of SQL. Null: there is none.
  static func newest(in currency: String, pricing period: String) -> String {
    """
    (SELECT max(v.version) FROM catalogs v WHERE v.currency = \(currency)
      AND (v.valid_from IS NULL OR v.valid_from <= \(period)))
    """
  }

  /// The version a month is priced with: the one its close was started with; before that, the one
  /// it would be started with.
  static func version(in currency: String, pricing period: String) -> String {
    """
    coalesce(
      (SELECT r.version FROM run_catalogs r
        WHERE r.period = \(period) AND r.currency = \(currency)),
      \(newest(in: currency, pricing: period)))
    """
  }
}
