import Billing

/// What an import has brought that the catalogs of its months do not price, with all that the
/// accounts have of it in those months.
final class UnpricedImport {
  /// Of one currency.
  final class Prices {
    private struct Place: Hashable {
      var period: Int
      var metric: Int64
    }

    private let currency: String
    private let metrics: (_ currency: String, _ period: Int) throws -> Set<String>
    private var known: [Place: Bool] = [:]

    fileprivate init(
      _ currency: String,
      _ metrics: @escaping (_ currency: String, _ period: Int) throws -> Set<String>
    ) {
      self.currency = currency
      self.metrics = metrics
    }

    func has(_ metric: Int64, _ name: String, _ period: Int) throws -> Bool {
      let place = Place(period: period, metric: metric)
      if let known = known[place] { return known }
      let found = try metrics(currency, period).contains(name)
      known[place] = found
      return found
    }
  }

  private static let slice = 1000

  private let database: any SQLSession
  private var priced: PricedMetrics
  private var prices: [String: Prices] = [:]

  init(_ database: any SQLSession) {
    self.database = database
    priced = PricedMetrics(database)
  }

  func prices(in currency: String) -> Prices {
    if let known = prices[currency] { return known }
    let new = Prices(currency) { [unowned self] in try priced.metrics($0, $1) }
    prices[currency] = new
    return new
  }

  private struct Part {
    var account: String
    var key: Int64
    var currency: String
    var metric: Int64
    var name: String
    var periods: [Int]
  }

  func usage(
    _ meters: [(account: String, meter: UsageImport.Meter)], names: [Int64: String]
  ) throws -> UnpricedMetrics {
    let parts = meters.filter { !$0.meter.unpriced.isEmpty }.sorted { $0.account < $1.account }
      .flatMap { account, meter in
        meter.unpriced.map { metric, periods in
          Part(
            account: account, key: meter.key, currency: meter.currency, metric: metric,
            name: names[metric] ?? "", periods: periods.sorted())
        }.sorted { $0.name < $1.name }
      }
    var found = UnpricedMetrics()
    for start in stride(from: 0, to: parts.count, by: Self.slice) {
      let slice = parts[start..<min(start + Self.slice, parts.count)]
      // The quantity of those that are only counted is not read.
      let asked = slice.indices.filter { found.keepsName(of: slice[$0].name, slice[$0].currency) }
      let quantities = try database.collect(asked) { index in
        try UsageQuantity.sum(
          database, parts[index].key, parts[index].metric, parts[index].periods)
      }
      let known = Dictionary(uniqueKeysWithValues: zip(asked, quantities))
      for (index, part) in zip(slice.indices, slice) {
        let quantity = known[index] ?? .one
        if quantity.isZero { continue }
        let periods = Set(try part.periods.map(Period.init(stored:)))
        found.add(part.name, part.currency, part.account, quantity, of: periods)
      }
    }
    return found
  }
}
