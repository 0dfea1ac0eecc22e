import Billing

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
        AND s.period IN (\(periods.map(String.init).joined(separator: ", ")))
        AND s.metric IN (\(keys.map(String.init).joined(separator: ", ")))
      """
  }
}
