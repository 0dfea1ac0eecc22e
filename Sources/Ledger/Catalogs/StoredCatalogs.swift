import Billing
import FoundationEssentials

extension LedgerStore {
  /// The catalogs a run was started with, by currency code.
  public func catalogs(for period: Period) async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM run_catalogs r
        JOIN catalogs c ON c.currency = r.currency AND c.version = r.version
        WHERE r.period = ?
        """, [period.stored])
    }
  }

  /// The newest catalog of each currency, whichever months it prices.
  public func currentCatalogs() async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE version = (SELECT max(version) FROM catalogs n WHERE n.currency = c.currency)
        """, [])
    }
  }

  /// The catalogs a month is priced with, by currency code: those its close was started with, and
  /// in currencies in which it has none the newest that price the month.
  public func catalogs(pricing period: Period) async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE c.version = \(CatalogQuery.version(in: "c.currency", pricing: "?1"))
        """, [period.stored])
    }
  }
}

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

  /// That a version of `catalogs` prices a month, an expression of SQL.
  static func prices(_ period: String) -> String {
    "(valid_from IS NULL OR valid_from <= \(period))"
  }

  /// The one a month's close was started with, or else this version of it.
  static func pinned(
    _ database: any SQLSession, _ currency: String, _ period: Int, orElse version: Int?
  ) throws -> Catalog? {
    try database.text(
      """
      SELECT content FROM catalogs WHERE currency = ?1 AND version = coalesce(
        (SELECT r.version FROM run_catalogs r WHERE r.period = ?2 AND r.currency = ?1), ?3)
      """, [currency, period, version]
    ).map(decoded)
  }

  /// The version a close that starts now would be started with: the newest in the currency that
  /// prices the month. Both are expressions of SQL. Null: there is none.
  static func newest(in currency: String, pricing period: String) -> String {
    """
    (SELECT max(v.version) FROM catalogs v WHERE v.currency = \(currency)
      AND \(prices(period)))
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

/// Catalogs by currency and version, each read once.
struct StoredCatalogs {
  private struct Place: Hashable {
    var currency: String
    var version: Int
  }

  private let database: any SQLSession
  private var known: [Place: Catalog] = [:]

  init(_ database: any SQLSession) { self.database = database }

  mutating func catalog(_ currency: String, _ version: Int) throws -> Catalog? {
    let place = Place(currency: currency, version: version)
    if let found = known[place] { return found }
    let found = try database.text(
      "SELECT content FROM catalogs WHERE currency = ? AND version = ?", [currency, version]
    ).map(CatalogQuery.decoded)
    known[place] = found
    return found
  }

  /// The products that price a metric.
  mutating func products(_ price: LaterPrice) throws -> [Product] {
    try catalog(price.currency, price.version)?.products.filter { $0.metric == price.metric } ?? []
  }

  /// A month's later prices as catalogs of these products alone, with the taxes they are sold with.
  mutating func cut(_ prices: [LaterPrice]) throws -> [Catalog] {
    let versions = Set(prices.map(\.version)).sorted()
    return try versions.compactMap { version in
      let metrics = Set(prices.lazy.filter { $0.version == version }.map(\.metric))
      guard let currency = prices.first?.currency,
        var catalog = try catalog(currency, version)
      else { return nil }
      catalog.products = catalog.products.filter { product in
        product.metric.map(metrics.contains) ?? false
      }
      return catalog
    }
  }
}

/// What the catalog of a period prices: the one that its close was started with, or else the one
/// that it would be started with. And what later catalogs price of it.
struct PricedMetrics {
  private struct Place: Hashable {
    var currency: String
    var period: Int
  }

  private let database: any SQLSession
  private var known: [Place: Set<String>] = [:]

  init(_ database: any SQLSession) { self.database = database }

  mutating func metrics(_ currency: String, _ period: Int) throws -> Set<String> {
    let place = Place(currency: currency, period: period)
    if let found = known[place] { return found }
    let own =
      try database.text(
        """
        SELECT content FROM catalogs WHERE currency = ?1
          AND version = \(CatalogQuery.version(in: "?1", pricing: "?2"))
        """, [currency, period]
      ).map { try CatalogQuery.decoded($0).pricedMetrics } ?? []
    let found = own.union(
      try StoredLaterPrices(database: database).metrics(currency, period))
    known[place] = found
    return found
  }
}
