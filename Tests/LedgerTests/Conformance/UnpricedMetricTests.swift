import Billing
import Ledger
import Testing

@Suite struct UnpricedMetricTests {
  private let gpu = sampleUsage("g1", "100", metric: "gpu_hours")

  private func catalog(_ version: Int, gpu: String?) throws -> Catalog {
    var catalog = sampleCatalog(version: version)
    if let gpu {
      catalog.products.append(
        Product(
          id: "gpu", name: "GPU", metric: "gpu_hours",
          price: Price(.perUnit(try ExactDecimal(parsing: gpu)))))
    }
    return catalog
  }

  private func close(_ period: Period, _ store: LedgerStore) async throws {
    _ = try await store.openRun(
      RunRequest(period: period, messageID: "\(period)", rangeSize: 50, at: noon)
    ) { _ in [] }
  }

  @Test(arguments: Implementation.all)
  func `An import names what nobody prices`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, gpu: nil), at: noon)
      try await store.add(sampleAccount(), sampleAccount("meter-2"))
      let outcome = try await store.importRows([
        gpu, sampleUsage("g2", "0.5", metric: "gpu_hours"), sampleUsage("1", "1"),
        sampleUsage("g1", "7", account: "meter-2", metric: "gpu_hours"),
      ])
      #expect(outcome.unpriced.metrics.map(\.name) == ["gpu_hours"])
      let metric = outcome.unpriced.metrics.first
      #expect(metric?.accounts == 2)
      #expect(
        metric?.first.map { "\($0.account) \($0.quantity)" } == ["meter-1 100.5", "meter-2 7"])
      #expect(try await store.importRows([sampleUsage("2", "1")]).unpriced.isEmpty)
      #expect(try await store.unpricedUsage(of: november) == outcome.unpriced)
      #expect(try await store.unpricedUsage(of: october).isEmpty)
      let back = try await store.importRows([
        sampleUsage("g3", "-100", metric: "gpu_hours"),
        sampleUsage("g4", "-0.5", metric: "gpu_hours"),
        sampleUsage("g2", "-7", account: "meter-2", metric: "gpu_hours"),
      ])
      #expect(back.unpriced.isEmpty)
      #expect(try await store.unpricedUsage(of: november).isEmpty)
    }
  }

  /// A later catalog puts it on an invoice when a close is started with it, and not before.
  @Test(arguments: Implementation.all)
  func `The catalog of the month's close says what is priced`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, gpu: nil), at: noon)
      try await store.add(sampleAccount())
      let first = try await store.importRows([sampleUsage("1", "10"), gpu])
      #expect(first.unpriced.metrics.map(\.name) == ["gpu_hours"])
      try await close(november, store)
      _ = try await store.importCatalog(catalog(2, gpu: "2.00"), at: noon)
      #expect(try await store.unpricedUsage(of: november) == first.unpriced)

      let december = "2026-12-03T00:00:00Z"
      let later = try await store.importRows([
        sampleUsage("g2", "5", metric: "gpu_hours"),
        sampleUsage("g3", "7", metric: "gpu_hours", start: december),
      ])
      let quantities = later.unpriced.metrics.flatMap(\.first).map { "\($0.quantity)" }
      #expect(quantities == ["105"], "of November alone: December has a price")
      #expect(try await store.unpricedUsage(of: november.next).isEmpty)

      try await close(november.next, store)
      #expect(try await store.unpricedUsage(of: november).isEmpty, "December's start settled it")
      _ = try await store.importCatalog(catalog(3, gpu: nil), at: noon)
      let corrected = try await store.importRows([
        sampleUsage("g4", "1", metric: "gpu_hours", start: december)
      ])
      #expect(corrected.unpriced.isEmpty, "December was closed at a price for it")
    }
  }

  /// 0.5 + 0.5 - 1 is kept as two sums that are not 0.
  @Test(arguments: Implementation.all)
  func `Usage that was taken back whole is not named`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, gpu: nil), at: noon)
      try await store.add(sampleAccount(), sampleAccount("meter-2"))
      let outcome = try await store.importRows([
        sampleUsage("1", "0.5", metric: "gpu_hours"), sampleUsage("2", "0.5", metric: "gpu_hours"),
        sampleUsage("3", "-1", metric: "gpu_hours"),
      ])
      #expect(outcome.unpriced.isEmpty)
      #expect(try await store.unpricedUsage(of: november).isEmpty)
      _ = try await store.importRows([
        sampleUsage("1", "2.5", account: "meter-2", metric: "gpu_hours"),
        sampleUsage("2", "-1", account: "meter-2", metric: "gpu_hours"),
      ])
      let metric = try await store.unpricedUsage(of: november).metrics.first
      #expect(metric?.accounts == 1)
      #expect(metric?.first.map { "\($0.account) \($0.quantity)" } == ["meter-2 1.5"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Names are bounded`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, gpu: nil), at: noon)
      let names = (1...7).map { "meter-\($0)" }
      for name in names { try await store.add(sampleAccount(name)) }
      let rows = names.flatMap { name in
        (10...34).map { sampleUsage("\($0)", "\($0)", account: name, metric: "metric_\($0)") }
      }
      let outcome = try await store.importRows(rows)
      let stored = try await store.unpricedUsage(of: november)
      for found in [outcome.unpriced, stored] {
        #expect(found.metrics.map(\.name) == (10...29).map { "metric_\($0)" })
        #expect(found.metrics.allSatisfy { $0.accounts == 7 && $0.first.count == 5 })
        #expect(found.more == 5 * 7)
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `Usage of months far away is found`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([
        sampleUsage("1", "1", start: "1970-01-01T12:00:00Z"), sampleUsage("2", "1"),
        sampleUsage("3", "1", start: "2062-11-03T00:00:00Z"),
      ])
      let far = try await store.unbilledUsage(before: october, after: november)
      #expect(far.map(\.period.description) == ["1970-01", "2062-11"])
      #expect(far.map(\.accounts) == [1, 1])
    }
  }
}
