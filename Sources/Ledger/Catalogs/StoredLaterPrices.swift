import Billing

/// `later_prices`, and the catalogs they are of.
struct StoredLaterPrices {
  let database: any SQLSession

  /// Of `later_prices l`.
  enum Column: String, ColumnList {
    case period = "l.period"
    case currency = "l.currency"
    case metric = "l.metric"
    case version = "l.version"
  }

  func all() throws -> [LaterPrice] {
    try database.all(
      "SELECT \(Column.sql) FROM later_prices l ORDER BY 1, 2, 3", [], Self.price)
  }

  static func price(_ row: Record<Column>) throws -> LaterPrice {
    LaterPrice(
      period: try Period(stored: row[.period]), currency: row[.currency], metric: row[.metric],
      version: row[.version])
  }

  /// The metrics that have a price in a month by a later catalog.
  func metrics(_ currency: String, _ period: Int) throws -> Set<String> {
    Set(
      try database.texts(
        "SELECT metric FROM later_prices WHERE period = ? AND currency = ?", [period, currency]))
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
