import Billing
import Ledger
import Testing

/// `start` and `end` of an account, from the file to the ledger and on invoices.
@Suite struct AccountDatesTests {
  private func take(
    _ account: Account, unstated: Set<AccountDate> = [], in store: LedgerStore
  ) async throws -> ImportOutcome {
    try await store.importAccounts(AccountRows([(account, 2)], unstated: unstated), at: noon) {
      $0.isEmpty
    }
  }

  private func dates(_ store: LedgerStore) async throws -> [String?] {
    let account = try await store.facts().account
    return [account.start?.description, account.end?.description]
  }

  @Test(arguments: Implementation.all)
  func `Dates are kept cleared and left as they are`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let both = sampleAccount(start: "2026-01-15", end: "2026-11-15")
      #expect(try await take(both, in: store).count == ImportCount(added: 1))
      #expect(try await dates(store) == ["2026-01-15", "2026-11-15"])
      #expect(try await take(both, in: store).count == ImportCount(unchanged: 1))

      let without = try await take(sampleAccount(), unstated: [.start, .end], in: store)
      #expect(without.count == ImportCount(unchanged: 1))
      #expect(try await dates(store) == ["2026-01-15", "2026-11-15"])
      let later = sampleAccount(end: "2026-12-01")
      #expect(try await take(later, unstated: [.start], in: store).count == ImportCount(changed: 1))
      #expect(try await dates(store) == ["2026-01-15", "2026-12-01"])
      #expect(try await take(sampleAccount(), unstated: [.start], in: store).count.changed == 1)
      #expect(try await dates(store) == ["2026-01-15", nil])
      #expect(try await take(sampleAccount(), in: store).count == ImportCount(changed: 1))
      #expect(try await dates(store) == [nil, nil])
    }
  }

  /// The other date may be in the ledger alone.
  @Test(arguments: Implementation.all)
  func `An end that is not after the start is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let day = sampleAccount(start: "2026-11-15", end: "2026-11-15")
      let new = try await take(day, in: store)
      #expect(
        new.refused == [
          RefusedRow(
            line: 2, column: "end",
            reason: "\"2026-11-15\" is not after the account's start 2026-11-15")
        ])
      _ = try await take(sampleAccount(start: "2026-11-15"), in: store)
      let end = try await take(sampleAccount(end: "2026-11-01"), unstated: [.start], in: store)
      #expect(
        end.refused == [
          RefusedRow(
            line: 2, column: "end",
            reason: "\"2026-11-01\" is not after the account's start 2026-11-15")
        ])
      #expect(try await dates(store) == ["2026-11-15", nil])
      _ = try await take(sampleAccount(end: "2026-12-01"), unstated: [.start], in: store)
      let start = try await take(sampleAccount(start: "2026-12-01"), unstated: [.end], in: store)
      #expect(
        start.refused == [
          RefusedRow(
            line: 2, column: "start",
            reason: "\"2026-12-01\" is not before the account's end 2026-12-01")
        ])
      #expect(try await dates(store) == ["2026-11-15", "2026-12-01"])
    }
  }

  @Test(arguments: Implementation.all)
  func `An invoice keeps its days`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("part"), sampleAccount("none"), sampleAccount("all"))
      for (account, days) in [("part", 14), ("none", 0), ("all", 30)] {
        var draft = sampleDraft(account, netMinor: 0)
        draft.days = ActiveDays(active: days, of: november)
        _ = try await store.commit(issuing(draft))
        let id = "2026-11/\(account)"
        #expect(try await store.invoices([id])[id]?.draft.days == draft.days)
      }
    }
  }

  /// Only of accounts whose dates were changed, and nothing but the warning.
  @Test(arguments: Implementation.all)
  func `Invoiced months whose days change are named`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      for period in [october, november] { _ = try await store.issue(period: period) }
      let before = try await store.facts()
      let ended = try await take(sampleAccount(end: "2026-11-15"), in: store)
      let november30 = ActiveDays.all(of: november)
      let november14 = ActiveDays(active: 14, of: november)
      #expect(
        ended.movedDays
          == MovedDays([
            .init(account: "meter-1", period: november, invoiced: november30, now: november14)
          ]))
      #expect(try await take(sampleAccount(end: "2026-11-15"), in: store).movedDays.count == 0)
      var renamed = sampleAccount(end: "2026-11-15")
      renamed.name = "Another"
      #expect(try await take(renamed, in: store).movedDays.count == 0, "the dates are as before")
      #expect(try await take(sampleAccount(end: "2026-12-01"), in: store).movedDays.count == 0)
      let both = try await take(sampleAccount(start: "2026-12-01"), in: store).movedDays
      #expect(both.first.map(\.period) == [october, november])
      #expect(both.first.map(\.now.active) == [0, 0])
      var after = before
      after.account = sampleAccount(start: "2026-12-01")
      after.usageVersion = try await store.facts().usageVersion
      #expect(try await store.facts() == after)
    }
  }

  @Test(arguments: Implementation.all)
  func `A month invoiced by days is named when they become more`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount(end: "2026-11-15"))
      var draft = sampleDraft()
      draft.days = ActiveDays(active: 14, of: november)
      _ = try await store.commit(issuing(draft))
      let moved = try await take(sampleAccount(), in: store).movedDays
      #expect(moved.first.map(\.invoiced.active) == [14])
      #expect(moved.first.map(\.now.active) == [30])
    }
  }

  /// Made before the import and committed after it, it would be neither by these days nor named.
  @Test(arguments: Implementation.all)
  func `A draft of other days is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      var catalog = sampleCatalog()
      catalog.products.append(
        Product(id: "plan", name: "Plan", price: Price(.flat(amount: ExactDecimal(30)))))
      _ = try await store.importCatalog(catalog, at: noon)
      try await store.add(sampleAccount())
      let month = MonthByHand(store: store)
      try await month.open(november)
      let draft = try #require(try await month.drafts(november).first)
      #expect(try await take(sampleAccount(end: "2026-11-15"), in: store).movedDays.count == 0)
      #expect(try await store.commit(draft) == .stale(.usage))
      let again = try #require(try await month.drafts(november).first)
      #expect(try await store.commit(again) == .committed([]))
      let lines = try await month.lines(november)
      #expect(lines.map { "\($0.text) \($0.amountMinor)" } == ["Plan (14 of 30 days) 1400"])
    }
  }

  /// Whatever its dates are by then.
  @Test(arguments: Implementation.all, [("2026-11-01", true), ("2026-11-02", false)])
  func `A month that was invoiced without a day stays usage alone`(
    _ store: Implementation, _ test: (end: String, isUsageAlone: Bool)
  ) async throws {
    try await store.withStore { store in
      _ = try await store.importCatalog(sampleCatalog(), at: noon)
      try await store.add(sampleAccount(end: test.end))
      _ = try await store.importRows([sampleUsage("1", "10")])
      try await MonthByHand(store: store).close(november)
      _ = try await store.importRows([sampleUsage("2", "1")])
      try await store.add(sampleAccount())
      let facts = try await store.invoicingFacts(
        ["meter-1"], period: november.next, eventMetrics: [])
      #expect(facts[0].late.map(\.isUsageAlone) == [test.isUsageAlone])
    }
  }

  @Test(arguments: Implementation.all)
  func `Usage outside of the dates is counted`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(start: "2026-11-05", end: "2026-11-15"))
      let starts = [
        "2026-11-04T23:59:59.999+01:00", "2026-11-05T00:00:00+01:00",
        "2026-11-14T23:59:59.999+01:00", "2026-11-15T00:00:00+01:00", "2026-11-20T00:00:00+01:00",
        "2026-12-20T00:00:00+01:00",
      ]
      _ = try await store.importRows(
        starts.enumerated().map { sampleUsage("e\($0.offset)", "1", start: $0.element) })
      func outside(_ periods: [Period]) async throws -> [UsageOutside] {
        try await store.usageOutside([
          DatedUsage(
            account: "meter-1", periods: periods,
            start: day("2026-11-05").start(in: "Europe/Zurich"),
            end: day("2026-11-15").start(in: "Europe/Zurich"))
        ])
      }
      #expect(try await outside([november]) == [UsageOutside(beforeStart: 1, afterEnd: 2)])
      #expect(
        try await outside([november, november.next]) == [UsageOutside(beforeStart: 1, afterEnd: 3)])
      #expect(try await outside([october]) == [UsageOutside()])
    }
  }
}
