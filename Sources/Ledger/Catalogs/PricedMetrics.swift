import Billing

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

/// What an account used of a metric, of whatever number of decimals.
enum UsageQuantity {
  private enum Column: String, ColumnList { case scale, coefficient }

  static func sum(
    _ database: any SQLSession, _ account: Int64, _ metric: Int64, _ periods: [Int]
  ) throws -> ExactDecimal {
    let parts = try database.all(
      """
      SELECT \(Column.sql) FROM usage_sums WHERE account = ? AND metric = ?
        AND period IN (\(periods.map(String.init).joined(separator: ", ")))
      ORDER BY period, scale
      """, [account, metric], of: Column.self
    ) { try decimal(coefficient: $0[.coefficient], scale: $0[.scale]) }
    return try parts.reduce(.zero) { try $0.adding($1) }
  }

  static func decimal(coefficient: Int64, scale: Int) throws -> ExactDecimal {
    guard let quantity = ExactDecimal(coefficient: coefficient, scale: scale) else {
      throw StoreError.damaged("a usage sum is invalid")
    }
    return quantity
  }
}
