import Billing
import Ledger
import Services

/// Earlier months that were never closed and have usage that is on no invoice. No later close bills
/// it, so it is shown with every close.
struct UnclosedMonths {
  struct Month: Encodable, Equatable {
    var period: String
    var accounts: Int
  }

  let months: [Month]

  init(before period: Period, in store: LedgerStore) async throws {
    months = try await store.unclosedUsage(before: period).map {
      Month(period: $0.period.description, accounts: $0.accounts)
    }
  }

  /// Empty when there are none.
  static func lines(_ months: [Month]) -> [String] {
    months.map { month in
      let accounts = month.accounts == 1 ? "1 account" : "\(grouped(month.accounts)) accounts"
      return "\(month.period) was never closed: usage of \(accounts) is on no invoice, "
        + "and only closing that month bills it"
    }
  }
}

/// Usage in months that cannot be intended: clocks that were never set start in 1970, and 2062 is a
/// typing mistake. No close in the near future bills it.
struct FarUsage {
  static let monthsBack = 36
  static let monthsAhead = 12
  private static let shown = 10

  let months: [UnclosedMonths.Month]

  init(from period: Period, in store: LedgerStore) async throws {
    months = try await store.unbilledUsage(
      before: period.moved(by: -Self.monthsBack), after: period.moved(by: Self.monthsAhead)
    ).map { .init(period: $0.period.description, accounts: $0.accounts) }
  }

  static func lines(_ months: [UnclosedMonths.Month]) -> [String] {
    if months.isEmpty { return [] }
    let more = months.count - shown
    return ["warning: usage in distant months is on no invoice:"]
      + months.prefix(shown).map { month in
        let accounts = month.accounts == 1 ? "1 account" : "\(grouped(month.accounts)) accounts"
        return "  \(month.period): \(accounts)"
      } + (more > 0 ? ["  … and \(grouped(more)) more months"] : [])
  }
}

extension Period {
  fileprivate func moved(by months: Int) -> Period {
    (0..<abs(months)).reduce(self) { period, _ in months < 0 ? period.previous : period.next }
  }
}

/// Usage without a price, for people and programs.
struct UnpricedDocument: Encodable {
  struct Quantity: Encodable, Equatable {
    var account: String
    var quantity: String
  }

  struct Metric: Encodable, Equatable {
    var metric: String
    var currency: String
    /// How many accounts have usage of it; the first of them are listed.
    var accounts: Int
    var usage: [Quantity]
    /// A metric with a price that it may have been meant to be.
    var similar: String?
    /// The newest catalog prices it: the next close started with that catalog bills it, unless a
    /// product is in the way.
    var isPricedLater: Bool
    /// The newest catalog's version, where it prices it.
    var version: Int?
    /// The product that prices it there, if its id means something else in the month of the usage.
    var productInTheWay: String?
    /// False: no catalog of the currency prices the usage's months, so that nothing has a price.
    var hasCatalog: Bool
    /// The months of the usage.
    var periods: [String]
  }

  var metrics: [Metric]
  /// Accounts with metrics that are not listed.
  var more: Int

  /// There is none.
  init() { (metrics, more) = ([], 0) }

  init(_ found: UnpricedMetrics, in store: LedgerStore) async throws {
    let newest = found.isEmpty ? [:] : try await store.currentCatalogs()
    var catalogs: [Period: [String: Catalog]] = [:]
    for period in Set(found.metrics.flatMap(\.periods)) {
      catalogs[period] = try await store.catalogs(pricing: period)
    }
    metrics = []
    for metric in found.metrics {
      let own = metric.periods.sorted().map { catalogs[$0]?[metric.currency] }
      let later = newest[metric.currency].flatMap { $0.prices(metric.name) ? $0 : nil }
      var inTheWay: String?
      for period in metric.periods.sorted() where later != nil && inTheWay == nil {
        inTheWay = try await store.productInTheWay(
          of: metric.name, in: metric.currency, of: period)
      }
      metrics.append(
        Metric(
          metric: metric.name, currency: metric.currency, accounts: metric.accounts,
          usage: metric.first.map { Quantity(account: $0.account, quantity: "\($0.quantity)") },
          similar: own.lazy.compactMap { $0 }.first.flatMap {
            Self.similar(to: metric.name, in: $0)
          },
          isPricedLater: later != nil, version: later?.version, productInTheWay: inTheWay,
          hasCatalog: own.contains { $0 != nil },
          periods: metric.periods.sorted().map(\.description)))
    }
    more = found.more
  }

  init(of period: Period, in store: LedgerStore) async throws {
    try await self.init(store.unpricedUsage(of: period), in: store)
  }

  /// Empty when there is none.
  var lines: [String] {
    if metrics.isEmpty { return [] }
    return ["warning: usage of unpriced metrics is on no invoice until a catalog prices it:"]
      + metrics.map { "  \($0.line)" }
      + (more > 0 ? ["  … and \(grouped(more)) more accounts with other metrics"] : [])
  }

  /// Two letters away, or different only in capitalisation.
  private static func similar(to metric: String, in catalog: Catalog) -> String? {
    if catalog.prices(metric) { return nil }
    let known = catalog.pricedMetrics.sorted()
    if let same = known.first(where: { $0.lowercased() == metric.lowercased() }) { return same }
    let nearest = Suggestion.name(to: metric, among: known)
    return metric.utf8.count <= 64 && Suggestion.distance(metric, nearest) <= 2 ? nearest : nil
  }
}

extension UnpricedDocument.Metric {
  /// `api_call (CHF): a1 1000000 and 3 more accounts; did you mean api_calls?`
  var line: String {
    let named = usage.map { "\(printable($0.account)) \($0.quantity)" }.joined(separator: ", ")
    let rest = accounts - usage.count
    let more = rest > 0 ? " and \(grouped(rest)) more accounts" : ""
    return "\(printable(metric)) (\(currency)): \(named)\(more)\(hint)"
  }

  private var hint: String {
    if !hasCatalog {
      let months = periods.count == 1 ? " for \(periods[0])" : ""
      return "; there is no catalog in \(currency)\(months) yet"
    }
    if let productInTheWay {
      return "; product \(productInTheWay), which prices it, means something else in that month: "
        + "give it a different id in the next version"
    }
    if let version {
      return "; version \(version) prices it: the next close started with that version bills this"
    }
    return similar.map { "; did you mean \(printable($0))?" } ?? ""
  }
}
