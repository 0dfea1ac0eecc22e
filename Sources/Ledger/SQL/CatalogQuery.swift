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

  /// By currency; the statement selects currency and content.
  static func decoded(
    _ database: any SQLSession, _ sql: String, _ values: SQLValues
  ) throws -> [String: Catalog] {
    let found = try database.all(sql, values) { row in
      (row[0] as String, try decoded(row[1] as String))
    }
    return Dictionary(uniqueKeysWithValues: found)
  }
}
