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
