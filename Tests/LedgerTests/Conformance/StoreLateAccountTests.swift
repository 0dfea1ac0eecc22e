import Billing
import FoundationEssentials
import Ledger
import Testing

/// Accounts that are imported after the trigger of a close.
@Suite struct StoreLateAccountTests {
  private func request(
    _ id: String, _ period: Period = november, size: Int = 2
  ) -> RunRequest {
    RunRequest(period: period, messageID: id, source: "/cron", rangeSize: size, at: noon)
  }

  /// As the invoicer announces them.
  @Sendable private static func announced(_ growth: RunGrowth) throws -> [OutgoingEvent] {
    let run = growth.run
    return try growth.ranges.map { number in
      let event = Event(
        id: "range-\(run.period)-\(number)", type: .closeRange, source: "/invoicer", time: noon,
        data: EventData(period: run.period, range: .init(number: number, of: run.ranges)))
      return OutgoingEvent(
        id: event.id, type: event.type.rawValue, routingKey: "close.range", account: nil,
        period: run.period, body: Array(try JSONEncoder().encode(event)))
    }
  }

  private func start(
    _ store: LedgerStore, _ id: String, _ period: Period = november, size: Int = 2
  ) async throws -> OpenedRun {
    try await store.opened(request(id, period, size: size), announce: Self.announced)
  }

  private func finish(_ accounts: String..., in store: LedgerStore) async throws {
    let changes = accounts.map {
      change(
        "end-\($0)", by: .reporter, account: $0,
        .progress(account: $0, period: november, reached: .all, end: .paid))
    }
    _ = try await store.commit(changes, published: [])
  }

  @Test(arguments: Implementation.all)
  func `Late accounts are taken in behind the others in ranges of their own`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("c"), sampleAccount("a"), sampleAccount("b"))
      _ = try await start(store, "first")
      _ = try await store.commit(
        [change("r", account: nil, .rangeDone(period: november, number: 0))], published: [])
      try await store.add(
        sampleAccount("aa"), sampleAccount("d"), sampleAccount("gone", end: "2026-11-01"),
        sampleAccount("e"))
      #expect(
        try await store.lateAccounts(november, limit: 2)
          == LateAccounts(count: 3, first: ["aa", "d"]))
      #expect(
        try await store.closeStanding(november, of: ["a", "d", "e", "gone", "nobody"])
          == ["a": .member, "d": .late, "e": .late, "gone": .ended])
      #expect(try await store.startFacts(november) == StartFacts(isStarted: true, late: 3))

      let second = try await start(store, "second", size: 50)
      #expect(second.decision.rule == "close.late-accounts")
      #expect(second.growth?.sentence == "3 accounts that came later were added")
      #expect(second.growth?.ranges == 2..<4, "of the size the close was opened with")
      #expect(second.run == second.growth?.run)
      #expect(second.run?.expected == 6)
      #expect(try await store.run(november) == second.run)
      #expect(
        second.events.map(\.event.id) == ["range-2026-11-1", "range-2026-11-2", "range-2026-11-3"],
        "what is not finished, and what is new")
      let ranges = [["a", "b"], ["c"], ["aa", "d"], ["e"], []]
      for (number, accounts) in ranges.enumerated() {
        #expect(try await store.uninvoiced(period: november, range: number) == accounts)
      }
      let triggers = try await store.triggers(of: november)
      #expect(triggers.map(\.explanation) == ["3 accounts that came later were added"])
      #expect(triggers.map(\.outcome) == [.started])

      let third = try await start(store, "third")
      #expect((third.decision.rule, third.growth) == ("close.exists", nil))
      #expect(third.run == second.run)
      #expect(try await store.lateAccounts(november, limit: 9) == LateAccounts())
      #expect(try await store.lateAccounts(october, limit: 9) == LateAccounts(), "never started")
    }
  }

  @Test(arguments: Implementation.all)
  func `Closed month takes nobody in and names them`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a"))
      _ = try await start(store, "first")
      try await finish("a", in: store)
      _ = try await store.commit(change("end", by: .reporter, account: nil, .closeRun(november)))
      try await store.add(sampleAccount("late"), sampleAccount("later"))
      _ = try await store.importRows([sampleUsage("u-late", "1", account: "late")])
      let again = try await start(store, "again")
      #expect((again.decision.rule, again.growth) == ("close.exists", nil))
      #expect(again.run?.expected == 1)
      #expect(
        try await store.lateAccounts(november, limit: 9)
          == LateAccounts(count: 2, withUsage: 1, first: ["late", "later"]))
      #expect(try await store.startFacts(november) == StartFacts(isStarted: true))
      #expect(try await store.triggers(of: november) == [])
    }
  }

  /// Everybody had their end, and before the reporter could say so somebody was taken in.
  @Test(arguments: Implementation.all)
  func `Close ends only with those who were taken in`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a"))
      _ = try await start(store, "first")
      try await finish("a", in: store)
      #expect(try await store.isFinished(november))
      try await store.add(sampleAccount("late"))
      _ = try await start(store, "second")
      #expect(try await store.isFinished(november) == false)
      let ending = { (id: String) in
        change(id, by: .reporter, account: nil, .closeRun(november, expected: 1))
      }
      #expect(try await store.commit(ending("1")) == .stale(.accountsUnfinished(1)))
      try await finish("late", in: store)
      #expect(try await store.commit(ending("2")) == .stale(.accountsAdded(1)))
      let last = change("3", by: .reporter, account: nil, .closeRun(november, expected: 2))
      #expect(try await store.commit(last) == .committed([]))
      #expect(try await store.run(november)?.state == .closed)
    }
  }

  @Test(arguments: Implementation.all)
  func `Second starts at once take each in once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a"))
      _ = try await start(store, "first")
      for number in 1...7 { try await store.add(sampleAccount("late-\(number)")) }
      let entered = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...6 {
          group.addTask { try await start(store, "again-\(number)").growth?.accounts ?? 0 }
        }
        return try await group.reduce(0, +)
      }
      #expect(entered == 7)
      let run = try #require(try await store.run(november))
      #expect((run.expected, run.ranges) == (8, 5))
      var members: [String] = []
      for range in 0..<run.ranges {
        members += try await store.uninvoiced(period: november, range: range)
      }
      #expect(members == ["a"] + (1...7).map { "late-\($0)" })
    }
  }

  /// Whoever is first: the close ends without them, or it does not end yet.
  @Test(arguments: Implementation.all)
  func `End and second start at once agree`(_ store: Implementation) async throws {
    try await store.withStore { store in
      for month in 1...12 {
        let period = try Period(year: 2025, month: month)
        try await store.add(sampleAccount("m-\(month)"))
        _ = try await start(store, "first-\(month)", period)
        let run = try #require(try await store.run(period))
        var members: [String] = []
        for range in 0..<run.ranges {
          members += try await store.uninvoiced(period: period, range: range)
        }
        let ends = members.map {
          change(
            "end-\(period)-\($0)", by: .reporter, account: $0,
            .progress(account: $0, period: period, reached: .all, end: .paid))
        }
        _ = try await store.commit(ends, published: [])
        try await store.add(sampleAccount("late-\(month)"))
        async let again = start(store, "again-\(month)", period)
        async let ended = store.commit(
          change("close-\(period)", by: .reporter, account: nil, .closeRun(period)))
        let (growth, outcome) = (try await again.growth, try await ended)
        let state = try await store.run(period)?.state
        if growth == nil {
          #expect((outcome, state) == (.committed([]), .closed))
        } else {
          #expect((outcome, state) == (.stale(.accountsUnfinished(1)), .running))
        }
      }
    }
  }
}
