import Billing
import Ledger
import Testing

/// Who belongs to the close of November: by days, or by usage that the close bills.
@Suite struct MembershipTests {
  private static let days: [(id: String, start: String?, end: String?, standing: CloseStanding)] = [
    ("always", nil, nil, .member),
    ("begins-before", "2026-11-01", nil, .member),
    ("begins-on-last", "2026-11-30", nil, .member),
    ("begins-after", "2026-12-01", nil, .notBegun),
    ("ends-after", nil, "2026-12-01", .member),
    ("ends-on-second", nil, "2026-11-02", .member),
    ("ends-on-first", nil, "2026-11-01", .ended),
    ("one-day", "2026-11-14", "2026-11-15", .member),
    ("long-gone", "2020-01-01", "2020-02-01", .ended),
    ("far-away", "2030-01-01", "2030-02-01", .notBegun),
  ]

  @Test(arguments: Implementation.all)
  func `By days`(_ store: Implementation) async throws {
    try await store.withStore { store in
      for each in Self.days {
        try await store.add(sampleAccount(each.id, start: each.start, end: each.end))
      }
      let expected = Dictionary(uniqueKeysWithValues: Self.days.map { ($0.id, $0.standing) })
      let ids = Self.days.map(\.id)
      #expect(try await store.closeStanding(november, of: ids + ["nobody"]) == expected)
      let members = ids.filter { expected[$0] == .member }.sorted()
      #expect(try await store.startFacts(november).accounts == members.count)
      let month = MonthByHand(store: store)
      try await month.open(november)
      #expect(try await store.run(november)?.expected == members.count)
      #expect(try await store.uninvoiced(period: november, range: 0) == members)
      #expect(try await store.closeStanding(november, of: ids) == expected)
      #expect(try await store.lateAccounts(november, limit: 9) == LateAccounts())

      try await store.add(
        sampleAccount("z-late", start: "2026-11-30"), sampleAccount("z-next", start: "2026-12-01"),
        sampleAccount("z-gone", end: "2026-11-01"))
      #expect(
        try await store.lateAccounts(november, limit: 9)
          == LateAccounts(count: 1, first: ["z-late"]))
      #expect(
        try await store.closeStanding(november, of: ["z-gone", "z-late", "z-next"])
          == ["z-gone": .ended, "z-late": .late, "z-next": .notBegun])
    }
  }

  /// Zones of those who are not in it hold no close back.
  @Test(arguments: Implementation.all)
  func `Zones are those of members`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(
        sampleAccount("a"), sampleAccount("b", timeZone: "Asia/Tokyo", end: "2026-11-01"))
      #expect(try await store.startFacts(november).zones == ["Europe/Zurich"])
      try await store.add(sampleAccount("b", timeZone: "Asia/Tokyo", end: "2026-11-02"))
      #expect(try await store.startFacts(november).zones == ["Asia/Tokyo", "Europe/Zurich"])
    }
  }

  private func used(
    _ account: String, _ month: String, metric: String = "electricity_kwh"
  ) -> UsageRow {
    sampleUsage(
      "\(metric)-\(month)-\(account)", "10", account: account, metric: metric,
      start: "\(month)-10T10:00:00+01:00")
  }

  private func gpu() throws -> Product {
    Product(id: "gpu", name: "GPU", metric: "gpu_hours", price: Price(.perUnit(.one)))
  }

  private static let ended = ["idle", "own", "late", "missed", "open", "unpriced"]

  /// October is closed with all of them but `missed`, which came later; September never is.
  private func octoberClosed(_ store: LedgerStore) async throws -> MonthByHand {
    _ = try await store.importCatalog(sampleCatalog(), at: noon)
    try await store.add(sampleAccount("stays"))
    for id in Self.ended where id != "missed" {
      try await store.add(sampleAccount(id, end: "2026-11-01"))
    }
    let month = MonthByHand(store: store)
    try await month.close(october)
    try await store.add(sampleAccount("missed", end: "2026-11-01"))
    _ = try await store.importRows([
      used("own", "2026-11"), used("late", "2026-10"), used("missed", "2026-10"),
      used("open", "2026-09"), used("unpriced", "2026-10", metric: "gpu_hours"),
    ])
    return month
  }

  @Test(arguments: Implementation.all)
  func `By usage that the close bills`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let month = try await octoberClosed(store)
      let expected: [String: CloseStanding] = [
        "stays": .member, "own": .member, "late": .member, "missed": .member, "idle": .ended,
        "open": .ended, "unpriced": .ended,
      ]
      #expect(try await store.closeStanding(november, of: Self.ended + ["stays"]) == expected)
      #expect(try await store.startFacts(november).accounts == 4)
      try await month.close(november)
      #expect(try await store.run(november)?.expected == 4)
      #expect(try await month.lines(november, of: "own").map(\.amountMinor) == [250])
      #expect(try await month.lines(november, of: "late").map(\.correctsPeriod) == [october])
      #expect(try await month.lines(november, of: "missed").map(\.correctsPeriod) == [october])
      // It is billed now, so nobody of them belongs to December.
      #expect(try await store.startFacts(november.next).accounts == 1)
      // Usage of before has its own month; once that is closed, late usage of it is the next one's.
      try await month.close(october.previous)
      #expect(try await store.run(october.previous)?.expected == 7, "all were customers then")
    }
  }

  /// The start of the close settles the price, so it bills the usage that nobody priced.
  @Test(arguments: Implementation.all)
  func `By usage that a later catalog prices`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let month = try await octoberClosed(store)
      var catalog = sampleCatalog(version: 2)
      catalog.products.append(try gpu())
      _ = try await store.importCatalog(catalog, at: noon)
      #expect(try await store.closeStanding(november, of: ["unpriced"]) == ["unpriced": .member])
      #expect(try await store.startFacts(november).accounts == 5)
      try await month.close(november)
      #expect(try await store.run(november)?.expected == 5)
      #expect(try await month.lines(november, of: "unpriced").map(\.amountMinor) == [1000])
      #expect(
        try await store.closeStanding(november.next, of: ["unpriced"]) == ["unpriced": .ended])
    }
  }

  /// It is late usage of a running close: whoever is meant to be taken in is told.
  @Test(arguments: Implementation.all)
  func `Usage that comes after the start makes an ended account late`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      let month = try await octoberClosed(store)
      try await month.open(november)
      #expect(try await store.lateAccounts(november, limit: 9) == LateAccounts())
      _ = try await store.importRows([used("idle", "2026-11")])
      #expect(
        try await store.lateAccounts(november, limit: 9)
          == LateAccounts(count: 1, withUsage: 1, first: ["idle"]))
      #expect(try await store.closeStanding(november, of: ["idle"]) == ["idle": .late])
      try await month.open(november)
      #expect(try await store.run(november)?.expected == 5)
    }
  }
}
