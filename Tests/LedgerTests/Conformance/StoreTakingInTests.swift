import Billing
import Ledger
import Testing

/// What a further start of a running close does for accounts that had no catalog.
@Suite struct StoreTakingInTests {
  private static let euro = known(try Currency("EUR"))

  private func request(_ id: String) -> RunRequest {
    RunRequest(period: november, messageID: id, rangeSize: 2, at: noon)
  }

  private static func event(_ id: String) -> OutgoingEvent {
    OutgoingEvent(
      id: id, type: EventType.closeRange.rawValue, routingKey: "close.range", account: nil,
      period: november, body: Array("{}".utf8))
  }

  @discardableResult
  private func start(_ id: String, _ store: LedgerStore) async throws -> TakenIn {
    _ = try await store.openRun(request(id)) { _ in [] }
    return try await store.takeIn(request(id), range: nil) { _, again in
      Self.event("close.range:2026-11:\(again.number):\(again.attempt)")
    }
  }

  private func park(_ account: String, _ rule: String, _ store: LedgerStore) async throws {
    let decision = DecisionRecord(rule: rule, finding: .contradiction, explanation: "")
    _ = try await store.commit(
      change(
        "r#account", by: .invoicer, account: account, decision: decision,
        .progress(account: account, period: november, reached: [], end: .parked)))
    _ = try await store.commit(
      change(
        "heard", by: .reporter, account: account,
        .progress(account: account, period: november, reached: .all, end: nil)))
  }

  private func parkedClose(_ store: LedgerStore) async throws {
    _ = try await store.importCatalog(sampleCatalog(), at: noon)
    for id in ["a", "b", "c", "d"] {
      try await store.add(sampleAccount(id, currency: id == "a" ? chf : Self.euro))
    }
    try await start("first", store)
    try await park("b", "invoice.no-catalog", store)
    try await park("c", "invoice.unratable", store)
    try await park("d", "invoice.no-catalog", store)
  }

  @Test(arguments: Implementation.all)
  func `Only those without a catalog are taken in and only once`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await parkedClose(store)
      #expect(try await start("second", store) == TakenIn(), "there is no catalog yet")
      #expect(try await store.progress(november)?.finished == 3)
      _ = try await store.importCatalog(sampleCatalog(currency: Self.euro), at: noon)
      let taken = try await start("third", store)
      #expect(taken.accounts == 2)
      #expect(
        taken.events.map(\.event.id) == ["close.range:2026-11:0:2", "close.range:2026-11:1:2"])
      #expect(try await store.progress(november)?.finished == 1)
      #expect(try await store.progress(november)?.ends == [.parked: 1])
      #expect(try await store.uninvoiced(period: november, range: 0) == ["a", "b"])
      #expect(try await start("fourth", store) == TakenIn())
      #expect(try await store.problems() == [])
      // Word of the first try comes late.
      _ = try await store.commit(
        change(
          "late", by: .reporter, account: "b",
          .progress(account: "b", period: november, reached: .all, end: nil)))
      #expect(try await store.progress(november)?.finished == 1)
      try await park("b", "invoice.no-catalog", store)
      #expect(try await store.progress(november)?.finished == 1, "answered under that id before")
    }
  }

  @Test(arguments: Implementation.all)
  func `Two starts at once take an account in once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await parkedClose(store)
      _ = try await store.importCatalog(sampleCatalog(currency: Self.euro), at: noon)
      let taken = try await withThrowingTaskGroup(of: TakenIn.self) { group in
        for number in 1...6 { group.addTask { try await start("again-\(number)", store) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(taken.map(\.accounts).reduce(0, +) == 2)
      #expect(taken.flatMap(\.events).count == 2)
      #expect(try await store.progress(november)?.finished == 1)
    }
  }

  /// The end of the close and a further start at the same moment: one of them comes first.
  @Test(arguments: Implementation.all, 1...4)
  func `A close is not closed with accounts taken in`(_ store: Implementation, _ round: Int)
    async throws
  {
    try await store.withStore { store in
      try await parkedClose(store)
      _ = try await store.commit(
        change(
          "p", account: "a",
          .progress(account: "a", period: november, reached: .all, end: .nothingDue)))
      _ = try await store.importCatalog(sampleCatalog(currency: Self.euro), at: noon)
      async let ended: CommitOutcome? = {
        do {
          return try await store.commit(
            change("close:2026-11", by: .reporter, account: nil, .closeRun(november)))
        } catch is LedgerRefusal {
          return nil
        }
      }()
      async let taken = start("again", store)
      let (isEnded, accounts) = (try await ended == .committed([]), try await taken.accounts)
      #expect(isEnded == (accounts == 0))
      #expect(try await store.run(november)?.state == (isEnded ? .closed : .running))
    }
  }

  @Test(arguments: Implementation.all)
  func `A range that was announced again is done by its last event`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await parkedClose(store)
      _ = try await store.importCatalog(sampleCatalog(currency: Self.euro), at: noon)
      try await start("again", store)
      func unfinished(_ id: String) async throws -> [String] {
        try await store.openRun(request(id)) { _ in [] }.events.map(\.event.id)
      }
      _ = try await store.commit(
        change(
          "close.range:2026-11:0:2", by: .invoicer, account: nil,
          .rangeDone(period: november, number: 0)))
      #expect(try await unfinished("1") == ["close.range:2026-11:1:2"])
    }
  }
}
