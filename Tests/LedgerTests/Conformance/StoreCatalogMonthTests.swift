import Billing
import Ledger
import Testing

/// A catalog may say from which month on it prices: imported early, it reprices nothing.
@Suite struct StoreCatalogMonthTests {
  private static let december = november.next

  private func catalog(_ version: Int, from month: Period?, unit: String = "0.25") -> Catalog {
    var catalog = sampleCatalog(version: version, unit: unit)
    catalog.validFrom = month
    return catalog
  }

  private func open(_ period: Period, in store: LedgerStore) async throws {
    let request = RunRequest(period: period, messageID: "\(period)", rangeSize: 50, at: noon)
    _ = try await store.openRun(request) { _ in [] }
  }

  private func versions(_ catalogs: [String: Catalog]) -> [Int] { catalogs.values.map(\.version) }

  @Test(arguments: Implementation.all)
  func `A month is priced by the newest catalog that is valid in it`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, from: nil), at: noon)
      _ = try await store.importCatalog(catalog(2, from: Self.december), at: noon)
      #expect(try await versions(store.catalogs(pricing: november)) == [1])
      #expect(try await versions(store.catalogs(pricing: Self.december)) == [2])
      #expect(try await versions(store.catalogs(pricing: Self.december.next)) == [2])
      #expect(try await versions(store.currentCatalogs()) == [2])
      try await open(november, in: store)
      try await open(Self.december, in: store)
      #expect(try await versions(store.catalogs(for: november)) == [1])
      #expect(try await versions(store.catalogs(for: Self.december)) == [2])
      let stored = try await store.catalogs(for: Self.december)["CHF"]
      #expect(stored == catalog(2, from: Self.december))
      let again = try await store.importCatalog(catalog(2, from: Self.december), at: noon)
      #expect(again.count == ImportCount(unchanged: 1))
      await #expect(throws: StoreError.catalogDiffers(currency: "CHF", version: 2)) {
        try await store.importCatalog(catalog(2, from: nil), at: noon)
      }
    }
  }

  @Test(arguments: Implementation.all)
  func `A month before every catalog has none`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1, from: Self.december), at: noon)
      try await store.add(sampleAccount())
      #expect(try await store.catalogs(pricing: november).isEmpty)
      let facts = try await store.startFacts(november)
      #expect(!facts.hasCatalog)
      #expect(facts.firstPriced == Self.december)
      #expect(try await store.startFacts(Self.december).hasCatalog)
      let outcome = try await store.importRows([sampleUsage("1", "10")])
      #expect(outcome.unpriced.metrics.map(\.name) == ["electricity_kwh"])
      #expect(try await store.unpricedUsage(of: november) == outcome.unpriced)
      try await open(november, in: store)
      #expect(try await store.catalogs(for: november).isEmpty)
    }
  }

  /// Usage of November is not called unpriced, nor priced, by December's catalog.
  @Test(arguments: Implementation.all)
  func `What has no price is asked of the month's own catalog`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      var later = catalog(2, from: Self.december)
      later.products[0].metric = "electricity_wh"
      _ = try await store.importCatalog(catalog(1, from: nil), at: noon)
      _ = try await store.importCatalog(later, at: noon)
      try await store.add(sampleAccount())
      #expect(try await store.importRows([sampleUsage("1", "10")]).unpriced.isEmpty)
      #expect(try await store.unpricedUsage(of: november).isEmpty)
      let december = try await store.importRows([
        sampleUsage("2", "10", start: "2026-12-10T10:00:00Z")
      ])
      #expect(december.unpriced.metrics.map(\.periods) == [[Self.december]])
    }
  }

  @Test(arguments: Implementation.all)
  func `A version that could price no month is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(3, from: Self.december), at: noon)
      await #expect(
        throws: StoreError.catalogNeverCounts(currency: "CHF", version: 2, newer: 3)
      ) {
        try await store.importCatalog(catalog(2, from: Self.december.next), at: noon)
      }
      _ = try await store.importCatalog(catalog(2, from: nil), at: noon)
      #expect(try await versions(store.catalogs(pricing: november)) == [2])
      #expect(try await versions(store.catalogs(pricing: Self.december)) == [3])
      await #expect(
        throws: StoreError.catalogNeverCounts(currency: "CHF", version: 1, newer: 2)
      ) {
        try await store.importCatalog(catalog(1, from: nil), at: noon)
      }
    }
  }
}
