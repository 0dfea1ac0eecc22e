import Billing
import Ledger
import Testing

@Suite struct LateUsageTests {
  private static let december = november.next

  private func billed(_ period: Period, _ quantity: Int, _ amountMinor: Int64) -> BilledUsage {
    BilledUsage(
      period: period, product: "electricity", quantity: ExactDecimal(quantity),
      amountMinor: amountMinor)
  }

  /// As the invoicer does: with the usage version that the facts were read at.
  private func issue(
    _ draft: InvoiceDraft, usageVersion: Int64, in store: LedgerStore
  ) async throws -> CommitOutcome {
    var change = try issuing(draft)
    change.expectedUsageVersion = usageVersion
    return try await store.commit(change)
  }

  @Test(arguments: Implementation.all)
  func `Usage that came after the invoice is late on the next one`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importCatalog(sampleCatalog(version: 7), at: noon)
      let request = RunRequest(period: november, messageID: "t", rangeSize: 50, at: noon)
      _ = try await store.openRun(request) { _ in [] }
      _ = try await store.importRows([sampleUsage("1", "10")])
      #expect(
        try await issue(
          sampleDraft(billed: [billed(november, 10, 1000)]),
          usageVersion: store.novemberFacts().facts.usageVersion, in: store) == .committed([]))
      #expect(try await store.decemberFacts().late.isEmpty)

      _ = try await store.importRows([sampleUsage("2", "5")])
      let facts = try await store.decemberFacts()
      #expect(facts.late.map(\.period) == [november])
      #expect(facts.late[0].usage.map(\.quantity) == [ExactDecimal(15)])
      #expect(facts.late[0].billed == [billed(november, 10, 1000)])
      #expect(facts.late[0].catalog == sampleCatalog(version: 7))

      let correction = sampleDraft(
        period: Self.december, netMinor: 500, billed: [billed(november, 15, 1500)])
      _ = try await issue(correction, usageVersion: facts.facts.usageVersion, in: store)
      let january = try await store.invoicingFacts(
        ["meter-1"], period: Self.december.next, eventMetrics: [])[0]
      #expect(january.late.isEmpty)
      _ = try await store.importRows([sampleUsage("3", "1")])
      let again = try await store.invoicingFacts(
        ["meter-1"], period: Self.december.next, eventMetrics: [])[0]
      #expect(again.late.map(\.billed) == [[billed(november, 15, 1500)]])
    }
  }

  @Test(arguments: Implementation.all)
  func `Usage of a month that was never closed stays with it`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([
        sampleUsage("1", "10", start: "2026-09-10T10:00:00Z"), sampleUsage("2", "20"),
      ])
      let facts = try await store.novemberFacts()
      #expect(facts.late.isEmpty)
      _ = try await issue(
        sampleDraft(), usageVersion: facts.facts.usageVersion, in: store)
      #expect(try await store.decemberFacts().late.isEmpty)
      let september = try await store.invoicingFacts(
        ["meter-1"], period: october.previous, eventMetrics: [])[0]
      #expect(september.usage.map(\.quantity) == [ExactDecimal(10)], "it is not forgotten")
    }
  }

  /// Closed while the account was not there yet: no close of its own will ever bill it.
  @Test(arguments: Implementation.all)
  func `Usage of a month that was closed without the account is late`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(sampleCatalog(version: 7), at: noon)
      try await store.add(sampleAccount("other"))
      try await store.close(october)
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "10", start: "2026-10-10T10:00:00Z")])
      let facts = try await store.novemberFacts()
      #expect(facts.late.map(\.period) == [october])
      #expect(facts.late.map(\.isInvoiced) == [false])
      #expect(facts.late[0].catalog == sampleCatalog(version: 7))
      _ = try await issue(
        sampleDraft(billed: [billed(october, 10, 250)]),
        usageVersion: facts.facts.usageVersion, in: store)
      #expect(try await store.decemberFacts().late.isEmpty, "nothing is billed twice")
    }
  }

  /// A member that is not through is invoiced by its own close; one that was parked never is.
  @Test(arguments: Implementation.all)
  func `Usage of a member waits for its invoice unless it is parked`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      _ = try await store.importCatalog(sampleCatalog(version: 7), at: noon)
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "10", start: "2026-10-10T10:00:00Z")])
      try await store.close(october)
      #expect(try await store.novemberFacts().late.isEmpty)
      _ = try await store.commit(
        change(
          "p", by: .invoicer,
          .progress(account: "meter-1", period: october, reached: [], end: .parked)))
      #expect(try await store.novemberFacts().late.map(\.isInvoiced) == [false])
    }
  }

  /// Two closes at once may have rated the same late usage; an invoice over zero moves no balance.
  @Test(arguments: Implementation.all)
  func `Second draft of the same late usage is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let version = try await store.novemberFacts().facts.usageVersion
      let first = sampleDraft(netMinor: 0, billed: [billed(october, 10, 0)])
      #expect(try await issue(first, usageVersion: version, in: store) == .committed([]))
      let second = sampleDraft(
        period: Self.december, netMinor: 0, billed: [billed(october, 10, 0)])
      #expect(try await issue(second, usageVersion: version, in: store) == .stale(.usage))
    }
  }

  @Test(arguments: Implementation.all)
  func `Usage imported since the facts were read refuses the invoice`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let version = try await store.novemberFacts().facts.usageVersion
      _ = try await store.importRows([sampleUsage("1", "10")])
      #expect(
        try await issue(sampleDraft(), usageVersion: version, in: store) == .stale(.usage))
      #expect(try await store.facts(invoice: "2026-11/meter-1").invoice == nil)
    }
  }

  @Test(arguments: Implementation.all)
  func `Usage nobody read is kept for the next invoice`(_ store: Implementation) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(sampleCatalog(), at: noon)
      try await store.close(october)
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "1", start: "2026-10-10T10:00:00Z")])
      _ = try await store.issue()  // its draft knows nothing of October
      #expect(try await store.decemberFacts().late.map(\.period) == [october])
    }
  }

  @Test(arguments: Implementation.all)
  func `Month billed ahead as late is not billed again`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "10", start: "2026-10-10T10:00:00Z")])
      _ = try await issue(
        sampleDraft(billed: [billed(october, 10, 900)]),
        usageVersion: store.novemberFacts().facts.usageVersion, in: store)
      let facts = try await store.invoicingFacts(
        ["meter-1"], period: october, eventMetrics: [])[0]
      #expect(facts.usage.map(\.quantity) == [ExactDecimal(10)])
      #expect(facts.late.isEmpty)
      #expect(facts.billed == [billed(october, 10, 900)], "it is taken off the month's own invoice")
    }
  }
}

extension LedgerStore {
  /// Its expected set is fixed; nobody is invoiced.
  fileprivate func close(_ period: Period) async throws {
    let request = RunRequest(period: period, messageID: "t", rangeSize: 50, at: noon)
    _ = try await openRun(request) { _ in [] }
  }

  fileprivate func decemberFacts() async throws -> InvoicingFacts {
    try await invoicingFacts(["meter-1"], period: november.next, eventMetrics: [])[0]
  }
}
