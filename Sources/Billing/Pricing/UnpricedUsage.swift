extension Catalog {
  public func prices(_ metric: String) -> Bool { products.contains { $0.metric == metric } }

  public var pricedMetrics: Set<String> { Set(products.compactMap(\.metric)) }

  /// Whether somebody thought of this country's tax; 0 is one as well. Without any taxes a catalog
  /// says that there are none.
  public func hasTax(in country: String) -> Bool {
    taxes.isEmpty || !taxes(in: country).isEmpty
  }

  /// In order. Catalogs that were stored before countries had to be codes of ISO 3166 may say `UK`
  /// and `EL`; months that were closed with them are corrected with their taxes.
  func taxes(in country: String) -> [Tax] {
    let own = taxes.filter { $0.country == country }
    if !own.isEmpty { return own }
    let former = ["GB": "UK", "GR": "EL"][country]
    return taxes.filter { $0.country == former }
  }
}

extension Rating {
  /// Usage that is on no invoice because no catalog prices its metric for its month: of the
  /// invoice's own period, and of earlier ones that it would correct. What was taken back whole, so
  /// that a month of it comes to 0, is none. In order of metric, each once.
  public static func unpriced(
    _ facts: InvoicingFacts, period: Period, catalog: Catalog
  ) throws -> [UnpricedUsage] {
    var found: [String: UnpricedUsage] = [:]
    func add(_ usage: [UsageSum], of period: Period, _ catalogs: [Catalog]) throws {
      for usage in usage where !usage.quantity.isZero {
        if catalogs.contains(where: { $0.prices(usage.metric) }) { continue }
        var sum =
          found[usage.metric] ?? UnpricedUsage(metric: usage.metric, quantity: .zero, periods: [])
        sum.quantity = try sum.quantity.adding(usage.quantity)
        sum.periods.insert(period)
        found[usage.metric] = sum
      }
    }
    try add(facts.usage, of: period, [catalog] + facts.later)
    for late in facts.late {
      try add(late.usage, of: late.period, [late.catalog ?? catalog] + late.later)
    }
    return found.values.sorted { $0.metric < $1.metric }
  }
}

/// What an account used of a metric that is on no invoice.
public struct UnpricedUsage: Sendable, Equatable {
  public var metric: String
  public var quantity: ExactDecimal
  public var periods: Set<Period>
}
