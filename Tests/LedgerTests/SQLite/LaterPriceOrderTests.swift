import Billing
import Testing

@testable import Ledger

/// Catalogs that come to price metrics, under old and new product ids, months closed in any order,
/// usage at any time: a month's metric costs what one version says of all of it, and is billed
/// once.
@Suite struct LaterPriceOrderTests {
  private static let months = known(try (8...11).map { try Period(year: 2026, month: $0) })
  private static let metrics = ["calls", "gpu", "disk"]
  private static let accounts = ["a", "b", "c"]

  private enum Step {
    case close(Period)
    case catalog
    case usage(UsageRow)
    case join(String)
  }

  /// Ids are few, so that one often stands for one metric here and for another one there.
  private func catalog(_ version: Int, _ random: inout Seeded) -> Catalog {
    var products: [Product] = []
    var ids = ["x", "y", "z", "u", "v"].shuffled(using: &random)
    for metric in Self.metrics.shuffled(using: &random)
    where version > 1 ? Bool.random(using: &random) : metric == "calls" {
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        guard let id = ids.popLast() else { break }
        let cents = Int.random(in: 1...999, using: &random)
        products.append(
          Product(
            id: id, name: metric, metric: metric,
            price: Price(.perUnit(ExactDecimal(coefficient: Int64(cents), scale: 3) ?? .one))))
      }
    }
    if products.isEmpty {
      products = [Product(id: "plan", name: "Plan", price: Price(.flat(amount: .zero)))]
    }
    let from =
      version > 1 && Bool.random(using: &random) ? Self.months.randomElement(using: &random) : nil
    return Catalog(version: version, currency: chf, validFrom: from, products: products)
  }

  private func steps(_ random: inout Seeded) -> [Step] {
    var steps = Self.months.shuffled(using: &random).map(Step.close)
    func place(_ step: Step, from first: Int) {
      steps.insert(step, at: Int.random(in: first...steps.count, using: &random))
    }
    for _ in 0..<6 { place(.catalog, from: 0) }
    for account in Self.accounts {
      let joined = account == "c" ? Int.random(in: 0...steps.count, using: &random) : 0
      steps.insert(.join(account), at: joined)
    }
    for account in Self.accounts {
      for month in Self.months {
        for metric in Self.metrics {
          for number in 0..<Int.random(in: 0...3, using: &random) {
            let joined =
              steps.firstIndex { if case .join(account) = $0 { true } else { false } } ?? 0
            place(
              .usage(
                sampleUsage(
                  "\(month)-\(metric)-\(number)", "\(Int.random(in: 1...60, using: &random))",
                  account: account, metric: metric, start: "\(month)-10T10:00:00+01:00")),
              from: joined + 1)
          }
        }
      }
    }
    return steps
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `A metric of a month is billed once at one price`(_ seed: UInt64) async throws {
    var random = Seeded(state: seed)
    try await Implementation.sqlite.withStore { store in
      let month = MonthByHand(store: store)
      var version = 1
      var used: [UsageRow] = []
      var pinned: [LaterPrice] = []
      _ = try await store.importCatalog(catalog(1, &random), at: noon)
      for step in steps(&random) {
        switch step {
        case .join(let account): try await store.add(sampleAccount(account))
        case .usage(let row):
          _ = try await store.importRows([row])
          used.append(row)
        case .catalog:
          version += 1
          _ = try await store.importCatalog(catalog(version, &random), at: noon)
        case .close(let period): try await month.close(period)
        }
        let now = try await prices(store)
        #expect(pinned.allSatisfy(now.contains), "a price is never changed")
        pinned = now
      }
      // In the end all of it has a price, under an id of its own.
      let all = Self.metrics.map {
        Product(id: "last-\($0)", name: $0, metric: $0, price: Price(.perUnit(.one)))
      }
      _ = try await store.importCatalog(
        Catalog(version: version + 1, currency: chf, products: all), at: noon)
      try await month.close(november.next)
      try await month.close(november.next.next)
      let expected = try await expected(used, store)
      for account in Self.accounts {
        let invoices = try await store.story(of: account, period: nil)?.invoices ?? []
        let sum = invoices.map(\.totalMinor).reduce(0, +)
        #expect(sum == expected[account, default: 0], "\(account) under seed \(seed)")
      }
      #expect(try await store.problems() == [])
    }
  }

  private func prices(_ store: LedgerStore) async throws -> [LaterPrice] {
    return try await store.connections.read { try StoredLaterPrices(database: $0).all() }
  }

  /// By account: each month's metric by the month's own catalog, or else by the one that was
  /// settled for it.
  private func expected(_ used: [UsageRow], _ store: LedgerStore) async throws -> [String: Int64] {
    let pinned = try await prices(store)
    var sums: [String: Int64] = [:]
    for month in Self.months {
      let own = try #require(try await store.catalogs(for: month)["CHF"])
      for metric in Self.metrics {
        var products = own.products.filter { $0.metric == metric }
        if products.isEmpty {
          let pin = try #require(pinned.first { $0.period == month && $0.metric == metric })
          products = try await store.connections.read { database in
            var catalogs = StoredCatalogs(database)
            return try catalogs.products(pin)
          }
        }
        for account in Self.accounts {
          let rows = used.filter {
            $0.account == account && $0.metric == metric && "\($0.start)".hasPrefix("\(month)")
          }
          if rows.isEmpty { continue }
          let quantity = try rows.reduce(ExactDecimal.zero) { try $0.adding($1.quantity) }
          for product in products {
            sums[account, default: 0] += try product.price.amount(quantity: quantity, events: [])
              .roundedMinorUnits(exponent: 2)
          }
        }
      }
    }
    return sums
  }
}
