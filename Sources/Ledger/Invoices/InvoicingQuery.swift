import Billing

extension LedgerStore {
  /// The accounts of one range that still have no end and no invoice, in order.
  public func uninvoiced(period: Period, range: Int) async throws -> [String] {
    try await read { database in
      guard
        let size = try database.integer(
          "SELECT range_size FROM close_runs WHERE period = ?", [period.stored])
      else { return [] }
      let first = Int64(range) * size
      return try database.texts(
        """
        SELECT a.id FROM close_members m JOIN accounts a ON a.key = m.account
        WHERE m.period = ? AND m.place BETWEEN ? AND ? AND m.ended IS NULL
          AND NOT EXISTS (\(InvoiceOfMonth.select(account: "m.account", period: "m.period")))
        ORDER BY m.place
        """, [period.stored, first, first + size - 1])
    }
  }

  /// What is needed to invoice these accounts; `eventMetrics` are the metrics whose single
  /// quantities are needed. The period of usage is decided when it is imported, by its start in the
  /// account's time zone. "Late" are earlier periods with usage on no invoice that can no longer be
  /// invoiced by their own close.
  public func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts] {
    try await readEach(accounts, about: accounts) {
      try InvoicingQuery($0, period: period, eventMetrics: eventMetrics).facts
    }
  }
}

/// What is needed to invoice accounts for one period. Nothing here grows with an account's history:
/// sums are kept by the import, and late periods are among those in `unbilled_periods`.
final class InvoicingQuery {
  private let database: any SQLSession
  private let period: Period
  private let metricNames: [Int64: String]
  let metricKeys: [String: Int64]
  private let eventMetrics: Set<String>
  /// By period and currency; `nil` for one that was never closed.
  private var catalogs: [String: Catalog?] = [:]
  /// Where the period's close was not started, what its start would pin for earlier months.
  private let planned: [RunCatalogs.Pin]
  let plannedPrices: [LaterPrice]
  let laterPrices: [LaterPrice]
  var laterCatalogs: StoredCatalogs

  init(_ database: any SQLSession, period: Period, eventMetrics: Set<String>) throws {
    self.database = database
    self.period = period
    let metrics = try MetricColumns.keys(database)
    metricKeys = metrics
    metricNames = Dictionary(uniqueKeysWithValues: metrics.map { ($0.value, $0.key) })
    self.eventMetrics = eventMetrics
    let isStarted = try RunRows(database).run(period) != nil
    planned =
      isStarted ? [] : try RunCatalogs(database: database, period: period).earlierMonths()
    plannedPrices =
      isStarted ? [] : try LaterPrices(database: database, opening: period).plan()
    laterPrices = try StoredLaterPrices(database: database).all() + plannedPrices
    laterCatalogs = StoredCatalogs(database)
    // Read before anything is asked for many accounts at once.
    for price in laterPrices { _ = try laterCatalogs.catalog(price.currency, price.version) }
  }

  func facts(_ account: String) throws -> InvoicingFacts {
    guard let (key, facts) = try FactsQuery(database: database).facts(account, period: period)
    else { throw LedgerRefusal("account \(account) is unknown") }
    let currency = facts.account.currency
    let late = try late(key, currency).map { try lateUsage(key, $0, currency) }
    let usage = try usage(key, period)
    let later = try later(period, currency)
    return InvoicingFacts(
      facts: facts, usage: usage,
      events: try events(key, period, usage, Self.eventMetrics(later, and: eventMetrics)),
      billed: try BilledQuery(database: database).billed(key, period),
      // One price for all later closes, or none yet: see `RunCatalogs.pinEarlierMonths`.
      late: late.filter { $0.isInvoiced || $0.catalog != nil }, later: later)
  }

  private typealias LatePeriod = (period: Period, isInvoiced: Bool, isUsageAlone: Bool)

  private enum LateColumn: String, ColumnList {
    case period = "u.period"
    case isInvoiced
    case isUsageAlone

    // Scalar, so that PostgreSQL looks up by key: for EXISTS it may read whole tables.
    static let invoiced = "(\(InvoiceOfMonth.select(account: "?1", period: "u.period")))"
    static let activeDays = InvoiceOfMonth.select(
      "i.active_days", account: "?1", period: "u.period")

    var sql: String {
      switch self {
      case .period: rawValue
      case .isInvoiced: "\(Self.invoiced) IS NOT NULL"
      case .isUsageAlone:
        "coalesce((\(Self.activeDays)), 1) = 0"
      }
    }
  }

  /// Earlier periods with unbilled usage that have an invoice of this account, or were closed and
  /// will never have one. What can still be invoiced by a close of its own waits for that.
  private func late(_ key: Int64, _ currency: Currency) throws -> [LatePeriod] {
    try database.all(
      """
      SELECT \(LateColumn.sql) FROM (
        SELECT n.period FROM unbilled_periods n WHERE n.account = ?1 AND n.period < ?2
        \(plannedUsage(currency))) u
      WHERE \(LateColumn.invoiced) IS NOT NULL
        OR (
          (SELECT 1 FROM close_runs r WHERE r.period = u.period) IS NOT NULL
          AND (SELECT 1 FROM close_members m
            WHERE m.period = u.period AND m.account = ?1 AND m.ended IS NULL) IS NULL)
      ORDER BY u.period
      """, [key, period.stored], of: LateColumn.self
    ) { row in
      (
        period: try Period(stored: row[.period]), isInvoiced: row[.isInvoiced],
        isUsageAlone: row[.isUsageAlone]
      )
    }
  }

  /// Its own catalog may price single events where the current one does not.
  private func lateUsage(
    _ key: Int64, _ late: LatePeriod, _ currency: Currency
  ) throws -> LateUsage {
    let period = late.period
    let usage = try usage(key, period)
    let catalog = try catalog(period, currency.code)
    let later = try later(period, currency)
    let metrics = Self.eventMetrics(later + [catalog].compactMap { $0 }, and: eventMetrics)
    return LateUsage(
      period: period, isInvoiced: late.isInvoiced, isUsageAlone: late.isUsageAlone, usage: usage,
      events: try events(key, period, usage, metrics),
      billed: try BilledQuery(database: database).billed(key, period), catalog: catalog,
      later: later)
  }

  private enum SumColumn: String, ColumnList { case metric, scale, coefficient, events }

  private func usage(_ account: Int64, _ period: Period) throws -> [UsageSum] {
    var sums: [UsageSum] = []
    let parts = try database.all(
      """
      SELECT \(SumColumn.sql) FROM usage_sums
      WHERE account = ? AND period = ? ORDER BY metric, scale
      """, [account, period.stored], of: SumColumn.self
    ) { row in
      (
        metric: row[.metric] as Int64, scale: row[.scale] as Int,
        sum: row[.coefficient] as Int64, events: row[.events] as Int
      )
    }
    for part in parts {
      guard let name = metricNames[part.metric],
        let quantity = ExactDecimal(coefficient: part.sum, scale: part.scale)
      else { throw StoreError.damaged("a usage sum of account \(account) is invalid") }
      if let last = sums.indices.last, sums[last].metric == name {
        sums[last].quantity = try sums[last].quantity.adding(quantity)
        sums[last].events += part.events
      } else {
        sums.append(UsageSum(metric: name, quantity: quantity, events: part.events))
      }
    }
    return sums.sorted { $0.metric < $1.metric }
  }

  private enum EventColumn: String, ColumnList { case coefficient, scale }

  /// Single quantities in order of start and event id, of the metrics that were asked for.
  private func events(
    _ account: Int64, _ period: Period, _ usage: [UsageSum], _ metrics: Set<String>
  ) throws -> [String: [ExactDecimal]] {
    var events: [String: [ExactDecimal]] = [:]
    for name in metrics where usage.contains(where: { $0.metric == name }) {
      guard let metric = metricKeys[name] else { continue }
      events[name] = try database.all(
        """
        SELECT \(EventColumn.sql) FROM usage
        WHERE account = ? AND period = ? AND metric = ? ORDER BY starts_at, event_id
        """, [account, period.stored, metric], of: EventColumn.self
      ) { row in
        guard
          let quantity = ExactDecimal(coefficient: row[.coefficient], scale: row[.scale])
        else {
          throw StoreError.damaged("a usage row of account \(account) is invalid")
        }
        return quantity
      }
    }
    return events
  }

  private func catalog(_ period: Period, _ currency: String) throws -> Catalog? {
    let place = "\(period)/\(currency)"
    if let known = catalogs[place] { return known }
    let plan = planned.first { $0.period == period && $0.currency == currency }
    let catalog = try CatalogQuery.pinned(
      database, currency, period.stored, orElse: plan?.version)
    catalogs.updateValue(catalog, forKey: place)
    return catalog
  }
}

/// Usage of a month that is priced by a later catalog: see `LaterPrices`.
extension InvoicingQuery {
  func later(_ period: Period, _ currency: Currency) throws -> [Catalog] {
    let prices = laterPrices.filter { $0.period == period && $0.currency == currency.code }
    return prices.isEmpty ? [] : try laterCatalogs.cut(prices)
  }

  static func eventMetrics(_ catalogs: [Catalog], and metrics: Set<String>) -> Set<String> {
    catalogs.reduce(into: metrics) { $0.formUnion($1.eventMetrics) }
  }

  /// Months that the start of this period's close would make unbilled, as part of a query; empty
  /// where there are none, and always once it is started.
  func plannedUsage(_ currency: Currency) -> String {
    let prices = plannedPrices.filter { $0.currency == currency.code }
    let keys = Set(prices.compactMap { metricKeys[$0.metric] }).sorted()
    let periods = Set(prices.map(\.period.stored)).sorted()
    if keys.isEmpty { return "" }
    return """
      UNION SELECT s.period FROM usage_sums s WHERE s.account = ?1
        AND s.period IN (\(SQLList.of(periods)))
        AND s.metric IN (\(SQLList.of(keys)))
      """
  }
}
