import Billing
import Ledger
import Testing

@Suite struct UsageImportTests {
  @Test(arguments: Implementation.all)
  func `Sums are exact across scales`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let result = try await store.importRows([
        sampleUsage("1", "0.1"), sampleUsage("2", "0.25"), sampleUsage("3", "-0.05"),
        sampleUsage("4", "1", metric: "requests"),
      ])
      #expect(result.count == ImportCount(added: 4))
      let facts = try await store.novemberFacts()
      let sum = try ExactDecimal(parsing: "0.3")
      #expect(
        facts.usage == [
          UsageSum(metric: "electricity_kwh", quantity: sum, events: 3),
          UsageSum(metric: "requests", quantity: .one, events: 1),
        ])
    }
  }

  @Test(arguments: Implementation.all)
  func `Repeated rows are unchanged and other content is refused`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "1.5")])
      let version = try await store.facts().usageVersion
      #expect(try await store.importRows([sampleUsage("1", "1.50")]).count.unchanged == 1)
      #expect(try await store.facts().usageVersion == version, "nothing new, no new version")

      let others = [
        sampleUsage("1", "1.6", line: 3), sampleUsage("1", "1.5", metric: "heat", line: 4),
        sampleUsage("1", "1.5", start: "2026-11-10T10:15:00+01:00", line: 5),
        sampleUsage("2", "1", line: 6), sampleUsage("2", "2", line: 7),
      ]
      let result = try await store.importRows(others)
      #expect(result.refused.map(\.line) == [3, 4, 5, 7])
      #expect(result.refused[0].reason.contains("quantity"))
      #expect(result.refused[1].reason.contains("metric"))
      #expect(result.refused[2].reason.contains("start"))
      #expect(try await store.novemberFacts().usage[0].events == 1, "nothing of it is kept")

      #expect(try await store.importRows(others, skipBad: true).count.added == 1)
      #expect(try await store.novemberFacts().usage[0].quantity.description == "2.5")
      #expect(try await store.facts().usageVersion == version + 1)
    }
  }

  @Test(arguments: Implementation.all)
  func `Unknown accounts and quantities too long are refused`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let result = try await store.importRows([
        sampleUsage("1", "1", account: "nobody"), sampleUsage("2", "12345678901234567890.5"),
      ])
      #expect(result.refused.map(\.column) == ["account_id", "quantity"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Sum that does not fit is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "9223372036854775801")])
      let more = [sampleUsage("2", "9223372036854775801"), sampleUsage("3", "6", line: 3)]
      #expect(try await store.importRows(more).refused.map(\.line) == [2])
      #expect(try await store.importRows([sampleUsage("4", "7")]).refused.map(\.line) == [2])
      #expect(try await store.novemberFacts().usage[0].events == 1)
    }
  }

  @Test(arguments: Implementation.all)
  func `Period is that of the start in the account's zone`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("tokyo", timeZone: "Asia/Tokyo"))
      _ = try await store.importRows([
        sampleUsage("1", "1", start: "2026-10-31T23:59:59+01:00"),
        sampleUsage("2", "2", start: "2026-11-01T00:00:00+01:00"),
        sampleUsage("3", "4", account: "tokyo", start: "2026-10-31T15:00:00Z"),
      ])
      #expect(try await store.novemberFacts().usage[0].quantity == ExactDecimal(2))
      #expect(try await store.novemberFacts("tokyo").usage[0].quantity == ExactDecimal(4))
      let octobers = try await store.invoicingFacts(
        ["meter-1"], period: october, eventMetrics: [])[0]
      #expect(octobers.usage.map(\.quantity) == [ExactDecimal(1)])
    }
  }

  @Test(arguments: Implementation.all)
  func `Corrected time zone moves what was not invoiced`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importRows([
        sampleUsage("1", "1", start: "2026-10-31T16:00:00+01:00"),
        sampleUsage("2", "2", start: "2026-11-20T16:00:00+01:00"),
      ])
      _ = try await store.importAccounts([(sampleAccount(timeZone: "Asia/Tokyo"), 2)], at: noon)
      let facts = try await store.novemberFacts()
      #expect(facts.usage.map(\.quantity) == [ExactDecimal(3)])
      #expect(facts.late.isEmpty)

      _ = try await store.issue()
      let zurich = sampleAccount()
      _ = try await store.importAccounts([(zurich, 2)], at: noon)
      #expect(
        try await store.novemberFacts().usage.map(\.quantity) == [ExactDecimal(3)], "invoiced")
    }
  }

  @Test(arguments: Implementation.all)
  func `Single events come in order of start and id`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.importCatalog(sampleCatalog(singleEvents: true), at: noon)
      _ = try await store.importRows([
        sampleUsage("b", "3", start: "2026-11-10T11:00:00+01:00"),
        sampleUsage("c", "1", start: "2026-11-10T10:00:00+01:00"),
        sampleUsage("a", "2", start: "2026-11-10T11:00:00+01:00"),
        sampleUsage("d", "9", metric: "requests"),
      ])
      let facts = try await store.invoicingFacts(
        ["meter-1"], period: november, eventMetrics: ["electricity_kwh", "unheard-of"])[0]
      #expect(facts.events == ["electricity_kwh": [1, 2, 3].map { ExactDecimal($0) }])
    }
  }
}

extension LedgerStore {
  func novemberFacts(_ account: String = "meter-1") async throws -> InvoicingFacts {
    try await invoicingFacts([account], period: november, eventMetrics: [])[0]
  }
}
