import Billing

extension LedgerStore {
  /// The product with which the newest catalog prices a metric that the month's own catalog does
  /// not price, if its id means something else in that month: then no close bills that usage.
  public func productInTheWay(
    of metric: String, in currency: String, of period: Period
  ) async throws -> String? {
    try await read {
      try ProductInTheWay(database: $0, period: period).product(of: metric, currency)
    }
  }
}

/// What a month's usage of a metric costs that the month's own catalog does not price.
struct LaterPrice: Equatable {
  var period: Period
  var currency: String
  var metric: String
  /// Of the catalog whose products price it.
  var version: Int
}

/// Prices for usage of months whose close had none for it: the first close of a later month whose
/// catalog prices the metric pins them, when it is started, and they are never changed. So the
/// usage is billed once, at one price, whatever is imported or closed afterwards.
///
/// Pinned are prices of months that have a close and a catalog of their own. What an account was
/// billed of a month is kept by product, so no product id may stand for two metrics there: one that
/// the month's own catalog has, or that is pinned for another metric, is not pinned.
struct LaterPrices {
  let database: any SQLSession
  /// The month whose close is started.
  let opening: Period

  /// What the start pins, or would pin if it came now.
  func plan() throws -> [LaterPrice] {
    let months = try earlierMonths()
    if months.isEmpty { return [] }
    var catalogs = StoredCatalogs(database)
    let pinned = try StoredLaterPrices(database: database).all()
    var plan: [LaterPrice] = []
    for month in months {
      guard let later = try catalogs.catalog(month.currency, month.opening),
        let own = try catalogs.catalog(month.currency, month.own)
      else { continue }
      let known = pinned.filter { $0.period == month.period && $0.currency == month.currency }
      var taken = Set(own.products.map(\.id))
      for pin in known {
        taken.formUnion(try catalogs.products(pin).map(\.id))
      }
      for metric in later.pricedMetrics.sorted()
      where !own.prices(metric) && !known.contains(where: { $0.metric == metric }) {
        let ids = later.products.filter { $0.metric == metric }.map(\.id)
        guard taken.isDisjoint(with: ids) else { continue }
        taken.formUnion(ids)
        plan.append(
          LaterPrice(
            period: month.period, currency: month.currency, metric: metric,
            version: month.opening))
      }
    }
    return plan
  }

  private typealias Month = (period: Period, currency: String, own: Int, opening: Int)

  private enum MonthColumn: String, ColumnList {
    case period = "o.period"
    case currency = "o.currency"
    case own = "o.version"
    case opening

    static let later = CatalogQuery.version(in: "o.currency", pricing: "?1")

    var sql: String { self == .opening ? Self.later : rawValue }
  }

  /// With a close and a catalog, other than the one of the month that is started.
  private func earlierMonths() throws -> [Month] {
    let own = try database.all(
      """
      SELECT \(MonthColumn.sql) FROM run_catalogs o
      WHERE o.period < ?1 AND \(MonthColumn.later) <> o.version ORDER BY o.period, o.currency
      """, [opening.stored], of: MonthColumn.self
    ) { row in
      (
        period: try Period(stored: row[.period]), currency: row[.currency] as String,
        own: row[.own] as Int, opening: row[.opening] as Int
      )
    }
    // A month without one is given its catalog by the same start.
    let given = try RunCatalogs(database: database, period: opening).earlierMonths()
    return try own
      + given.compactMap { pin -> Month? in
        let version = try database.integer(
          "SELECT \(CatalogQuery.version(in: "k.currency", pricing: "?1")) "
            + "FROM (SELECT CAST(?2 AS text) AS currency) k",
          [opening.stored, pin.currency])
        guard let version, version != pin.version else { return nil }
        return (pin.period, pin.currency, pin.version, Int(version))
      }
  }
}

/// Pinning, in two transactions. The prices come first: whoever reads usage that is imported after
/// the second one has looked for usage finds the price with it. The one time that usage is read as
/// a whole is when a price is new.
extension LaterPrices {
  func pin() throws {
    try database.runMany(
      """
      INSERT INTO later_prices (period, currency, metric, version, pinned_by)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT (period, currency, metric) DO NOTHING
      """,
      try plan().map { [$0.period.stored, $0.currency, $0.metric, $0.version, opening.stored] })
  }

  /// Pinned for this start, or for one that never came about.
  private func pinned() throws -> [LaterPrice] {
    try database.all(
      """
      SELECT \(StoredLaterPrices.Column.sql) FROM later_prices l
      WHERE l.pinned_by = ?
        OR NOT EXISTS (SELECT 1 FROM close_runs c WHERE c.period = l.pinned_by)
      ORDER BY 1, 2, 3
      """, [opening.stored], StoredLaterPrices.price)
  }

  /// Prices whose usage the start of this close would make unbilled.
  func pending() throws -> [LaterPrice] {
    let pinned = try pinned()
    return try pinned + plan().filter { !pinned.contains($0) }
  }

  /// Accounts and months with usage of what is pinned, as part of a query: one pass over the sums,
  /// however many prices there are. `nil`: nobody ever used any of it.
  private func usage() throws -> String? {
    let pinned = try pinned()
    var keys: [String: Int64] = [:]
    for metric in Set(pinned.map(\.metric)) {
      keys[metric] = try database.integer("SELECT key FROM metrics WHERE name = ?", [metric])
    }
    if keys.isEmpty { return nil }
    let prices = pinned.compactMap { price in
      keys[price.metric].map { "(\(price.period.stored), '\(price.currency)', \($0))" }
    }
    return """
      FROM usage_sums u \(database.dialect.orderedJoin) accounts a ON a.key = u.account
      WHERE u.metric IN (\(SQLList.of(keys.values.sorted())))
        AND (u.period, a.currency, u.metric) IN (VALUES \(prices.joined(separator: ", ")))
      """
  }

  /// Where rows are locked: accounts come before all else. Those are taken that are marked.
  func lockAccounts() throws {
    if !database.dialect.locksRows { return }
    guard let usage = try usage() else { return }
    let accounts = try database.texts("SELECT DISTINCT a.id \(usage)")
    try database.lockAccounts(accounts)
  }

  /// The usage counts as unbilled from now on, and drafts that know nothing of the price are
  /// outdated: they would take the month for billed.
  func markUnbilled() throws {
    guard let usage = try usage() else { return }
    try database.run(
      """
      UPDATE accounts SET usage_version = usage_version + 1
      WHERE key IN (SELECT u.account \(usage))
      """, [])
    try database.run(
      """
      INSERT INTO unbilled_periods (account, period) SELECT DISTINCT u.account, u.period
      \(usage) ON CONFLICT (account, period) DO NOTHING
      """, [])
  }
}

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
