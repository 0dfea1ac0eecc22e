import Billing

/// Whether an account has usage that the close of a month bills, as a condition of SQL on
/// `accounts a`: usage of the month that no invoice contains, and of an earlier month as the
/// invoicer takes it (see `InvoicingQuery`) as far as it has a price. What nobody prices is on no
/// invoice, and makes nobody a member.
///
/// Only asked of accounts that are not customers in the month: the months and metrics it looks for
/// are those that such accounts have left unbilled.
struct UsageToBill {
  /// A month's metric with a price.
  private struct Priced: Hashable {
    var period: Int
    var currency: String
    var metric: Int64

    var sql: String { "(\(period), '\(currency)', \(metric))" }
  }

  private struct Place: Hashable {
    var period: Int
    var currency: String
  }

  let database: any SQLSession
  let period: Period
  /// Of `accounts a`: it is no customer in the month.
  let isInactive: String
  /// `nil`: of all accounts.
  let among: [String]?

  func condition() throws -> String {
    let own = """
      (SELECT 1 FROM unbilled_periods u
        WHERE u.account = a.key AND u.period = \(period.stored) LIMIT 1) IS NOT NULL
      """
    guard let earlier = try earlier() else { return own }
    return "(\(own) OR \(earlier))"
  }

  /// `nil`: there is nothing of the kind.
  private func earlier() throws -> String? {
    let isStarted = try RunRows(database).run(period) != nil
    let pending =
      isStarted ? [] : try LaterPrices(database: database, opening: period).pending()
    let places = try places()
    if places.isEmpty && pending.isEmpty { return nil }
    let keys = try MetricColumns.keys(database)
    let pins =
      isStarted ? [] : try RunCatalogs(database: database, period: period).earlierMonths()
    let priced = try places.flatMap { place in
      try metrics(place, pins).compactMap { keys[$0] }.map {
        Priced(period: place.period, currency: place.currency, metric: $0)
      }
    }
    let planned = pending.compactMap { price in
      keys[price.metric].map {
        Priced(period: price.period.stored, currency: price.currency, metric: $0)
      }
    }
    let isUnbilled = """
      (SELECT 1 FROM unbilled_periods u
        WHERE u.account = s.account AND u.period = s.period LIMIT 1) IS NOT NULL
      """
    let found = [isOne(of: planned), isOne(of: priced).map { "\($0) AND \(isUnbilled)" }]
      .compactMap { $0 }
    if found.isEmpty { return nil }
    return """
      \(planned.isEmpty ? hasUnbilled : "")
      (SELECT 1 FROM usage_sums s
        WHERE s.account = a.key AND s.period < \(period.stored)
          AND (\(found.joined(separator: " OR ")))
          AND \(Self.isTaken) LIMIT 1) IS NOT NULL
      """
  }

  /// Saves looking through all usage of the many who have nothing left.
  private var hasUnbilled: String {
    """
    (SELECT 1 FROM unbilled_periods n
      WHERE n.account = a.key AND n.period < \(period.stored) LIMIT 1) IS NOT NULL AND
    """
  }

  /// The month has an invoice of the account, or was closed and will never have one.
  private static let isTaken = """
    ((\(InvoiceOfMonth.select(account: "s.account", period: "s.period"))) IS NOT NULL
      OR (SELECT 1 FROM close_runs r WHERE r.period = s.period) IS NOT NULL
        AND (SELECT 1 FROM close_members m WHERE m.period = s.period AND m.account = s.account
          AND m.ended IS NULL) IS NULL)
    """

  private func isOne(of priced: [Priced]) -> String? {
    if priced.isEmpty { return nil }
    let values = Set(priced).map(\.sql).sorted().joined(separator: ", ")
    return "(s.period, a.currency, s.metric) IN (VALUES \(values))"
  }

  private enum PlaceColumn: String, ColumnList {
    case period = "u.period"
    case currency = "a.currency"

    static func place(_ row: Record<Self>) -> Place {
      Place(period: row[.period], currency: row[.currency])
    }
  }

  /// Months and currencies of what accounts that are no customers have left unbilled.
  private func places() throws -> [Place] {
    let unbilled = """
      FROM accounts a \(database.dialect.orderedJoin) unbilled_periods u ON u.account = a.key
      WHERE \(isInactive) AND u.period < \(period.stored)
      """
    guard let among else {
      return try database.all(
        "SELECT DISTINCT \(PlaceColumn.sql) \(unbilled) ORDER BY 1, 2", [], PlaceColumn.place)
    }
    let found = try database.collect(among) { account in
      try database.all(
        "SELECT \(PlaceColumn.sql) \(unbilled) AND a.id = ?", [account], PlaceColumn.place)
    }
    return Set(found.joined()).sorted { ($0.period, $0.currency) < ($1.period, $1.currency) }
  }

  /// By the catalog that the month's usage is billed with, and by later ones.
  private func metrics(_ place: Place, _ pins: [RunCatalogs.Pin]) throws -> Set<String> {
    let pin = pins.first {
      $0.period.stored == place.period && $0.currency == place.currency
    }
    let own = try CatalogQuery.pinned(
      database, place.currency, place.period, orElse: pin?.version)?.pricedMetrics
    return try (own ?? []).union(
      StoredLaterPrices(database: database).metrics(place.currency, place.period))
  }
}
