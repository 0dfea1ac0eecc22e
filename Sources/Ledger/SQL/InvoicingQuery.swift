import Billing

/// What is needed to invoice accounts for one period. Nothing here grows with an account's history:
/// sums are kept by the import, and late periods are those in `unbilled_periods`.
final class InvoicingQuery {
  private let database: any SQLSession
  private let period: Period
  private let metricNames: [Int64: String]
  private let metricKeys: [String: Int64]
  private let eventMetrics: Set<String>
  /// By period and currency; `nil` for one that was never closed.
  private var catalogs: [String: Catalog?] = [:]

  init(_ database: any SQLSession, period: Period, eventMetrics: Set<String>) throws {
    self.database = database
    self.period = period
    let metrics = try database.all("SELECT key, name FROM metrics") { row in
      (key: row[0] as Int64, name: row[1] as String)
    }
    self.metricNames = Dictionary(uniqueKeysWithValues: metrics.map { ($0.key, $0.name) })
    self.metricKeys = Dictionary(uniqueKeysWithValues: metrics.map { ($0.name, $0.key) })
    self.eventMetrics = eventMetrics
  }

  func facts(_ account: String) throws -> InvoicingFacts {
    guard let (key, facts) = try FactsQuery(database: database).facts(account, period: period)
    else { throw LedgerRefusal("account \(account) is not known") }
    let currency = facts.account.currency
    var late = try database.all(
      "SELECT period FROM unbilled_periods WHERE account = ? AND period < ? ORDER BY period",
      [key, period.stored]
    ) { try Period(stored: $0[0]) }
    // A later period's invoice may have billed this one's usage already, as late. Then only what
    // came in since is to be billed, and as late again.
    let billed = try BilledQuery(database: database).billed(key, period)
    let isBilledAhead = facts.invoice == nil && !billed.isEmpty
    if isBilledAhead { late.append(period) }
    let usage = isBilledAhead ? [] : try usage(key, period)
    return InvoicingFacts(
      facts: facts, usage: usage, events: try events(key, period, usage, eventMetrics),
      late: try late.map { try lateUsage(key, $0, currency) })
  }

  /// Its own catalog may price single events where the current one does not.
  private func lateUsage(_ key: Int64, _ period: Period, _ currency: Currency) throws -> LateUsage {
    let usage = try usage(key, period)
    let catalog = try catalog(period, currency.code)
    let metrics = eventMetrics.union(catalog?.eventMetrics ?? [])
    return LateUsage(
      period: period, usage: usage, events: try events(key, period, usage, metrics),
      billed: try BilledQuery(database: database).billed(key, period), catalog: catalog)
  }

  private func usage(_ account: Int64, _ period: Period) throws -> [UsageSum] {
    var sums: [UsageSum] = []
    let parts = try database.all(
      """
      SELECT metric, scale, coefficient, events FROM usage_sums
      WHERE account = ? AND period = ? ORDER BY metric, scale
      """, [account, period.stored]
    ) { (metric: $0[0] as Int64, scale: $0[1] as Int, sum: $0[2] as Int64, events: $0[3] as Int) }
    for part in parts {
      guard let name = metricNames[part.metric],
        let quantity = ExactDecimal(coefficient: part.sum, scale: part.scale)
      else { throw StoreError.damaged("a usage sum of account \(account) makes no sense") }
      if let last = sums.indices.last, sums[last].metric == name {
        sums[last].quantity = try sums[last].quantity.adding(quantity)
        sums[last].events += part.events
      } else {
        sums.append(UsageSum(metric: name, quantity: quantity, events: part.events))
      }
    }
    return sums.sorted { $0.metric < $1.metric }
  }

  /// Single quantities in order of start and event id, of the metrics that were asked for.
  private func events(
    _ account: Int64, _ period: Period, _ usage: [UsageSum], _ metrics: Set<String>
  ) throws -> [String: [ExactDecimal]] {
    var events: [String: [ExactDecimal]] = [:]
    for name in metrics where usage.contains(where: { $0.metric == name }) {
      guard let metric = metricKeys[name] else { continue }
      events[name] = try database.all(
        """
        SELECT coefficient, scale FROM usage
        WHERE account = ? AND period = ? AND metric = ? ORDER BY starts_at, event_id
        """, [account, period.stored, metric]
      ) { row in
        guard let quantity = ExactDecimal(coefficient: row[0], scale: row[1]) else {
          throw StoreError.damaged("a usage row of account \(account) makes no sense")
        }
        return quantity
      }
    }
    return events
  }

  private func catalog(_ period: Period, _ currency: String) throws -> Catalog? {
    let place = "\(period)/\(currency)"
    if let known = catalogs[place] { return known }
    let content = try database.first(
      """
      SELECT c.content FROM run_catalogs r
      JOIN catalogs c ON c.currency = r.currency AND c.version = r.version
      WHERE r.period = ? AND r.currency = ?
      """, [period.stored, currency]
    ) { $0[0] as String }
    let catalog = try content.map(CatalogQuery.decoded)
    catalogs.updateValue(catalog, forKey: place)
    return catalog
  }
}
