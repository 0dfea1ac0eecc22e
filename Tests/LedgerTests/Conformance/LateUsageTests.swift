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
    _ draft: InvoiceDraft, usageVersion: Int64, in store: any Store
  ) async throws -> CommitOutcome {
    var change = try issuing(draft)
    change.expectedUsageVersion = usageVersion
    return try await store.commit(change)
  }

  @Test(arguments: Implementation.all)
  func usageThatCameAfterTheInvoiceIsLateOnTheNextOne(_ store: Implementation) async throws {
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
  func usageOfAMonthThatWasNeverInvoicedIsLate(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([
        sampleUsage("1", "10", start: "2026-09-10T10:00:00Z"), sampleUsage("2", "20"),
      ])
      let facts = try await store.novemberFacts()
      #expect(facts.late.map(\.period) == [october.previous])
      #expect(facts.late[0].billed == [])
      #expect(facts.late[0].catalog == nil)
      _ = try await issue(
        sampleDraft(), usageVersion: facts.facts.usageVersion, in: store)
      #expect(try await store.decemberFacts().late.isEmpty, "nothing is billed twice")
    }
  }

  @Test(arguments: Implementation.all)
  func usageImportedSinceTheFactsWereReadRefusesTheInvoice(_ store: Implementation) async throws {
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
  func usageNobodyReadIsKeptForTheNextInvoice(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "1", start: "2026-10-10T10:00:00Z")])
      _ = try await store.issue()  // without a usage version
      #expect(try await store.decemberFacts().late.map(\.period) == [october])
    }
  }

  @Test(arguments: Implementation.all)
  func monthBilledAheadAsLateIsNotBilledAgain(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "10", start: "2026-10-10T10:00:00Z")])
      _ = try await issue(
        sampleDraft(billed: [billed(october, 10, 900)]),
        usageVersion: store.novemberFacts().facts.usageVersion, in: store)
      let facts = try await store.invoicingFacts(
        ["meter-1"], period: october, eventMetrics: [])[0]
      #expect(facts.usage == [])
      #expect(facts.late.map(\.period) == [october])
      #expect(facts.late[0].billed == [billed(october, 10, 900)])
    }
  }
}

extension Store {
  fileprivate func decemberFacts() async throws -> InvoicingFacts {
    try await invoicingFacts(["meter-1"], period: november.next, eventMetrics: [])[0]
  }
}
