import Billing
import Ledger
import Testing

/// Usage of a metric that the month's catalog does not price becomes billable once a later month's
/// close is started with a catalog that does.
@Suite struct LaterPriceTests {
  private static let december = november.next
  private static let january = november.next.next

  private func gpu(_ price: String, id: String = "gpu") throws -> Product {
    Product(
      id: id, name: "GPU", metric: "gpu_hours", unit: "h",
      price: Price(.perUnit(try ExactDecimal(parsing: price)), minimum: ExactDecimal(1000)))
  }

  private func catalog(_ version: Int, _ more: Product...) -> Catalog {
    var catalog = sampleCatalog(version: version)
    catalog.products += more
    return catalog
  }

  private func used(_ id: String, _ quantity: String, _ month: String = "2026-11") -> UsageRow {
    sampleUsage(id, quantity, metric: "gpu_hours", start: "\(month)-03T10:00:00Z")
  }

  /// November is closed with 100 hours that nobody prices.
  private func novemberClosed(_ store: LedgerStore) async throws -> MonthByHand {
    _ = try await store.importCatalog(catalog(1), at: noon)
    try await store.add(sampleAccount())
    _ = try await store.importRows([sampleUsage("1", "10"), used("g1", "100")])
    let month = MonthByHand(store: store)
    try await month.close(november)
    #expect(try await month.lines(november).map(\.amountMinor) == [250])
    return month
  }

  private func corrections(_ lines: [InvoiceLine]) -> [String] {
    lines.filter { $0.correctsPeriod == november }.map { "\($0.text): \($0.amountMinor)" }
  }

  @Test(arguments: Implementation.all)
  func `The next close that prices it bills it`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let month = try await novemberClosed(store)
      _ = try await store.importCatalog(catalog(2, gpu("2.00")), at: noon)
      let preview = try await store.invoicingFacts(
        ["meter-1"], period: Self.december, eventMetrics: [])[0]
      let draft = try Rating.draft(preview, period: Self.december, catalog: catalog(2))
      try await month.close(Self.december)
      let lines = try await month.lines(Self.december)
      #expect(corrections(lines) == ["GPU, correction for 2026-11: 20000"])
      #expect(corrections(draft.lines) == corrections(lines), "the preview shows it")
      #expect(try await store.unpricedUsage(of: november).isEmpty)

      // A dearer price of January is not November's: late usage costs what it would have cost.
      _ = try await store.importCatalog(catalog(3, gpu("9.00", id: "gpu-new")), at: noon)
      #expect(try await store.importRows([used("g2", "5")]).unpriced.isEmpty)
      try await month.close(Self.january)
      #expect(
        try await corrections(month.lines(Self.january)) == ["GPU, correction for 2026-11: 1000"])
      try await month.close(Self.january.next)
      #expect(try await corrections(month.lines(Self.january.next)) == [])
      #expect(try await store.problems() == [])
    }
  }

  /// An account that the month was closed without has it on the same terms.
  @Test(arguments: Implementation.all)
  func `Usage that comes after the price is billed by the next close`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1), at: noon)
      try await store.add(sampleAccount("other"))
      let month = MonthByHand(store: store)
      try await month.close(november)
      _ = try await store.importCatalog(catalog(2, gpu("2.00")), at: noon)
      try await month.close(Self.december)
      try await store.add(sampleAccount())
      #expect(try await store.importRows([used("g1", "3")]).unpriced.isEmpty)
      try await month.close(Self.january)
      #expect(
        try await corrections(month.lines(Self.january)) == ["GPU, correction for 2026-11: 600"])
    }
  }

  @Test(arguments: Implementation.all)
  func `A month that was never closed keeps its usage`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1), at: noon)
      try await store.add(sampleAccount())
      _ = try await store.importRows([used("g1", "100")])
      _ = try await store.importCatalog(catalog(2, gpu("2.00")), at: noon)
      let month = MonthByHand(store: store)
      try await month.close(Self.december)
      #expect(try await corrections(month.lines(Self.december)) == [])
      try await month.close(november)
      #expect(try await month.lines(november).map(\.amountMinor) == [100_000])
    }
  }

  /// What was billed is known by product: one id for two metrics would be taken for billed.
  @Test(arguments: Implementation.all)
  func `A product that is something else in that month does not count`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      let month = try await novemberClosed(store)
      var second = catalog(2)
      second.products = [try gpu("2.00", id: "electricity")]
      _ = try await store.importCatalog(second, at: noon)
      func inTheWay() async throws -> String? {
        try await store.productInTheWay(of: "gpu_hours", in: "CHF", of: november)
      }
      #expect(try await inTheWay() == "electricity")
      try await month.close(Self.december)
      #expect(try await corrections(month.lines(Self.december)) == [])
      #expect(try await store.unpricedUsage(of: november).metrics.map(\.name) == ["gpu_hours"])
      _ = try await store.importCatalog(catalog(3, gpu("3.00")), at: noon)
      #expect(try await inTheWay() == nil)
      try await month.close(Self.january)
      #expect(
        try await corrections(month.lines(Self.january)) == ["GPU, correction for 2026-11: 30000"])
    }
  }

  /// A draft that was made before the price was settled would take the month for billed.
  @Test(arguments: Implementation.all)
  func `A draft of before the price is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let month = try await novemberClosed(store)
      try await month.open(Self.december)
      _ = try await store.importRows([sampleUsage("late", "4")])
      let draft = try #require(try await month.drafts(Self.december).first)
      _ = try await store.importCatalog(catalog(2, gpu("2.00")), at: noon)
      try await month.open(Self.january)
      #expect(try await store.commit(draft) == .stale(.usage))
      let again = try #require(try await month.drafts(Self.december).first)
      #expect(try await store.commit(again) == .committed([]))
      let lines = try await corrections(month.lines(Self.december))
      #expect(
        lines == ["Electricity, correction for 2026-11: 100", "GPU, correction for 2026-11: 20000"])
      for change in try await month.drafts(Self.january) { _ = try await store.commit(change) }
      #expect(try await corrections(month.lines(Self.january)) == [])
    }
  }

  /// Its own invoice is still to come when a later close settles the price.
  @Test(arguments: Implementation.all)
  func `A month that is still running bills it on its own invoice`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(catalog(1), at: noon)
      try await store.add(sampleAccount())
      _ = try await store.importRows([used("g1", "100")])
      let month = MonthByHand(store: store)
      try await month.open(november)
      let draft = try #require(try await month.drafts(november).first)
      _ = try await store.importCatalog(catalog(2, gpu("2.00")), at: noon)
      try await month.close(Self.december)
      #expect(try await store.commit(draft) != .committed([]), "it knows nothing of the price")
      for change in try await month.drafts(november) { _ = try await store.commit(change) }
      #expect(
        try await month.lines(november).map { "\($0.text) \($0.amountMinor)" } == ["GPU 20000"])
      try await month.close(Self.january)
      #expect(try await corrections(month.lines(Self.january)) == [])
    }
  }

  /// Ten of 1 and one of 100, at 1 % with at least 0.50 an event.
  @Test(arguments: Implementation.all)
  func `Prices of single events are taken of single events`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let month = try await novemberClosed(store)
      let rows = (1...10).map { used("s\($0)", "1") }
      _ = try await store.importRows(rows)
      let percentage = Percentage(
        rate: try ExactDecimal(parsing: "0.01"), minPerEvent: try ExactDecimal(parsing: "0.50"))
      let product = Product(
        id: "fee", name: "Fee", metric: "gpu_hours", price: Price(.percentage(percentage)))
      _ = try await store.importCatalog(catalog(2, product), at: noon)
      try await month.close(Self.december)
      #expect(
        try await corrections(month.lines(Self.december)) == ["Fee, correction for 2026-11: 600"])
      _ = try await store.importCatalog(catalog(3), at: noon)
      _ = try await store.importRows([used("s11", "1")])
      try await month.close(Self.january)
      #expect(
        try await corrections(month.lines(Self.january)) == ["Fee, correction for 2026-11: 50"])
    }
  }
}
