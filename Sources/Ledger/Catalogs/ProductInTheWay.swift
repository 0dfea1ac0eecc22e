import Billing

/// Why a later catalog's price does not count for a month: see `LaterPrices`.
struct ProductInTheWay {
  let database: any SQLSession
  let period: Period

  private enum Column: String, ColumnList {
    case newest = "max(c.version)"
    case own

    var sql: String {
      switch self {
      case .newest: rawValue
      case .own:
        """
        (SELECT max(o.version) FROM catalogs o WHERE o.currency = ?1
          AND o.version = \(CatalogQuery.version(in: "?1", pricing: "?2")))
        """
      }
    }
  }

  /// Of the newest catalog in the currency: the product that prices the metric and whose id stands
  /// for something else in the month, so that its price is not pinned. `nil`: none is in the way.
  func product(of metric: String, _ currency: String) throws -> String? {
    var catalogs = StoredCatalogs(database)
    let versions = try database.first(
      "SELECT \(Column.sql) FROM catalogs c WHERE c.currency = ?1", [currency, period.stored],
      of: Column.self
    ) { (newest: $0[.newest] as Int?, own: $0[.own] as Int?) }
    guard let newest = try versions?.newest.flatMap({ try catalogs.catalog(currency, $0) }),
      let own = try versions?.own.flatMap({ try catalogs.catalog(currency, $0) }),
      !own.prices(metric)
    else { return nil }
    var taken = Set(own.products.map(\.id))
    for price in try StoredLaterPrices(database: database).all()
    where price.period == period && price.currency == currency && price.metric != metric {
      taken.formUnion(try catalogs.products(price).map(\.id))
    }
    return newest.products.first { $0.metric == metric && taken.contains($0.id) }?.id
  }
}
