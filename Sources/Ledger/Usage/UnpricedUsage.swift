import Billing

/// Usage without a price, by metric and currency: which accounts have it, and how much. However
/// many there are, a bounded number is kept by name.
public struct UnpricedMetrics: Sendable, Equatable {
  public struct Metric: Sendable, Equatable {
    public var name: String
    public var currency: String
    /// The months of this usage.
    public var periods: Set<Period>
    public var accounts: Int
    /// The first of them.
    public var first: [Quantity]
  }

  public struct Quantity: Sendable, Equatable {
    public var account: String
    public var quantity: ExactDecimal
  }

  /// How many metrics, and accounts of each, are kept by name.
  public static let mostMetrics = 20
  public static let mostAccounts = 5

  public private(set) var metrics: [Metric] = []
  /// Pairs of account and metric that are of no metric named here.
  public private(set) var more = 0

  public init() {}

  public var isEmpty: Bool { metrics.isEmpty }

  public mutating func add(
    _ metric: String, _ currency: String, _ account: String, _ quantity: ExactDecimal,
    of periods: Set<Period>
  ) {
    guard let place = place(metric, currency) else {
      more += 1
      return
    }
    metrics[place].accounts += 1
    metrics[place].periods.formUnion(periods)
    if metrics[place].first.count < Self.mostAccounts {
      metrics[place].first.append(Quantity(account: account, quantity: quantity))
    }
  }

  /// Whether another account with this metric is kept by name.
  func keepsName(of metric: String, _ currency: String) -> Bool {
    let known = metrics.first { $0.name == metric && $0.currency == currency }
    return known.map { $0.first.count < Self.mostAccounts } ?? (metrics.count < Self.mostMetrics)
  }

  /// As counted elsewhere.
  mutating func add(_ metric: Metric) {
    if metrics.count < Self.mostMetrics {
      metrics.append(metric)
    } else {
      more += metric.accounts
    }
  }

  private mutating func place(_ name: String, _ currency: String) -> Int? {
    let known = metrics.firstIndex { $0.name == name && $0.currency == currency }
    if let known { return known }
    guard metrics.count < Self.mostMetrics else { return nil }
    metrics.append(Metric(name: name, currency: currency, periods: [], accounts: 0, first: []))
    return metrics.count - 1
  }
}

extension LedgerStore {
  /// The period's usage that has no price: by the catalog its close was started with, or would be,
  /// or by what the closes of later months settled for it.
  public func unpricedUsage(of period: Period) async throws -> UnpricedMetrics {
    try await read(.tables) { try UnpricedQuery(database: $0, period: period).usage() }
  }
}

/// Usage of a period that is stored and has no price: by the catalog its close was started with, or
/// else the one that it would be started with, or by what later closes settled.
///
/// Reads the period's sums as a whole a few times, however many metrics there are: for reports,
/// never for what is asked again and again.
struct UnpricedQuery {
  let database: any SQLSession
  let period: Period

  private struct Found {
    var currency: String
    var name: String
    var key: Int64
    var accounts: Int
    /// Of these accounts, how many have sums above and below 0: only those may come to 0.
    var mixed: Int
  }

  private struct Place: Hashable {
    var account: Int64
    var metric: Int64
  }

  func usage() throws -> UnpricedMetrics {
    var found = try unpriced()
    var zeros: [Int64: Set<Int64>] = [:]
    if found.contains(where: { $0.mixed > 0 }) {
      for zero in try comeToZero() {
        zeros[zero.metric, default: []].insert(zero.account)
      }
      try takeOff(zeros, &found)
    }
    let first = try firstAccounts(found.prefix(UnpricedMetrics.mostMetrics), zeros)
    var metrics = UnpricedMetrics()
    for metric in found {
      let accounts = first.filter { $0.metric == metric.key && $0.currency == metric.currency }
      let quantities = try database.collect(accounts) {
        try UsageQuantity.sum(database, $0.account, metric.key, [period.stored])
      }
      metrics.add(
        UnpricedMetrics.Metric(
          name: metric.name, currency: metric.currency, periods: [period],
          accounts: metric.accounts,
          first: zip(accounts, quantities).map { .init(account: $0.id, quantity: $1) }))
    }
    return metrics
  }

  private enum FoundColumn: String, ColumnList {
    case currency = "a.currency"
    case name = "m.name"
    case metric = "t.metric"
    case accounts = "count(*)"
    case mixed = "sum(t.mixed)"
  }

  private func unpriced() throws -> [Found] {
    let found = try database.all(
      """
      SELECT \(FoundColumn.sql) FROM (
        SELECT account, metric,
          CASE WHEN min(coefficient) < 0 AND max(coefficient) > 0 THEN 1 ELSE 0 END AS mixed
        FROM usage_sums WHERE period = ? AND coefficient <> 0 GROUP BY account, metric) t
      JOIN accounts a ON a.key = t.account JOIN metrics m ON m.key = t.metric
      GROUP BY a.currency, m.name, t.metric ORDER BY a.currency, m.name
      """, [period.stored], of: FoundColumn.self
    ) { row in
      Found(
        currency: row[.currency], name: row[.name], key: row[.metric], accounts: row[.accounts],
        mixed: row[.mixed])
    }
    var priced = PricedMetrics(database)
    return try found.filter { try !priced.metrics($0.currency, period.stored).contains($0.name) }
  }

  private enum SumColumn: String, ColumnList {
    case account = "s.account"
    case metric = "s.metric"
    case scale = "s.scale"
    case coefficient = "s.coefficient"
  }

  /// Pairs whose sums, of different numbers of decimals, come to 0: that was taken back whole.
  private func comeToZero() throws -> [Place] {
    var sums: [Place: ExactDecimal] = [:]
    try database.step(
      through: """
        SELECT \(SumColumn.sql) FROM usage_sums s JOIN (
          SELECT account, metric FROM usage_sums WHERE period = ?1 GROUP BY account, metric
          HAVING min(coefficient) < 0 AND max(coefficient) > 0) t
        ON t.account = s.account AND t.metric = s.metric WHERE s.period = ?1
        """, [period.stored]
    ) { row in
      let row = row.read(SumColumn.self)
      let place = Place(account: row[.account], metric: row[.metric])
      sums[place] = try (sums[place] ?? .zero).adding(
        UsageQuantity.decimal(coefficient: row[.coefficient], scale: row[.scale]))
      return true
    }
    return sums.filter(\.value.isZero).map(\.key)
  }

  private func takeOff(_ zeros: [Int64: Set<Int64>], _ found: inout [Found]) throws {
    for index in found.indices where found[index].mixed > 0 {
      let accounts = (zeros[found[index].key] ?? []).sorted()
      let isCounted = try database.collect(accounts) { account in
        try database.integer(
          "SELECT key FROM accounts WHERE key = ? AND currency = ?",
          [account, found[index].currency]) != nil
      }
      found[index].accounts -= isCounted.count { $0 }
    }
    found.removeAll { $0.accounts == 0 }
  }

  private typealias Named = (metric: Int64, currency: String, id: String, account: Int64)

  private enum NamedColumn: String, ColumnList { case metric, currency, id, account }

  private func firstAccounts(
    _ found: ArraySlice<Found>, _ zeros: [Int64: Set<Int64>]
  ) throws -> [Named] {
    if found.isEmpty { return [] }
    let keys = Set(found.map(\.key)).sorted()
    let most = UnpricedMetrics.mostAccounts + (keys.map { zeros[$0]?.count ?? 0 }.max() ?? 0)
    let named = try database.all(
      """
      SELECT \(NamedColumn.sql) FROM (
        SELECT s.metric, a.currency, a.id, s.account,
          row_number() OVER (PARTITION BY s.metric, a.currency ORDER BY a.id) AS place
        FROM (
          SELECT DISTINCT account, metric FROM usage_sums
          WHERE period = ? AND coefficient <> 0
            AND metric IN (\(SQLList.of(keys)))) s
        JOIN accounts a ON a.key = s.account) t
      WHERE place <= ? ORDER BY metric, currency, place
      """, [period.stored, most], of: NamedColumn.self
    ) { row -> Named in
      (
        metric: row[.metric], currency: row[.currency], id: row[.id], account: row[.account]
      )
    }
    var count: [String: Int] = [:]
    return named.filter { name in
      if zeros[name.metric]?.contains(name.account) == true { return false }
      count["\(name.metric) \(name.currency)", default: 0] += 1
      return count["\(name.metric) \(name.currency)"] ?? 0 <= UnpricedMetrics.mostAccounts
    }
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
        AND period IN (\(SQLList.of(periods)))
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
