import Billing
import Ledger
import Synchronization
import Testing

@testable import Services

/// The loop behind every decision, over a ledger that changes meanwhile.
@Suite struct LedgerSessionTests {
  private let world: World
  private let session: LedgerSession

  init() async throws {
    world = try await World(accounts: [.test("a")])
    session = LedgerSession(service: .holder, store: world.store, clock: world.clock)
  }

  private func key(of id: String) -> FactKey { FactKey(account: "a", invoice: nil) }

  private func change(_ id: String, _ facts: AccountFacts?) -> Change {
    Change(
      service: .holder, messageID: id, account: "a", expectedPosition: facts?.position,
      decision: DecisionRecord(rule: "test", finding: .same, explanation: ""),
      events: [], at: world.clock.now())
  }

  /// Another process posts a credit.
  private func move(_ reference: Int) async throws {
    _ = try await world.operations.grantCredit(
      account: "a", amount: Money(100, .chf), reference: "credit-\(reference)")
  }

  @Test func `What was decided on facts that have moved since is decided again`() async throws {
    let rounds = Mutex<[Int64?]>([])
    let results = try await session.decideAndCommit(
      ["m"], about: key(of:),
      alongside: { _, facts in
        let round = rounds.withLock { rounds in
          rounds.append(facts[0]?.position)
          return rounds.count
        }
        if round == 1 { try await move(1) }
      },
      plan: { id, facts, _ in
        .commit(change(id, facts), then: { committed in !committed.wasAnswered })
      })
    #expect(results == [true])
    #expect(rounds.withLock { $0 } == [0, 1])
  }

  @Test func `A ledger that never rests ends the attempt for the whole batch`() async throws {
    let rounds = Mutex(0)
    await #expect(throws: ContentionError.self) {
      try await session.decideAndCommit(
        ["m"], about: key(of:),
        alongside: { _, _ in
          try await move(
            rounds.withLock {
              $0 += 1
              return $0
            })
        },
        plan: { id, facts, _ in .commit(change(id, facts), then: { _ in true }) })
    }
    #expect(rounds.withLock { $0 } == LedgerSession.roundLimit)
  }

  @Test func `A message that was answered meanwhile is not answered again`() async throws {
    _ = try await session.commit([change("m", nil)])
    let results = try await session.decideAndCommit(["m", "n"], about: key(of:)) { id, facts in
      .commit(change(id, facts), then: { $0.wasAnswered })
    }
    #expect(results == [true, false])
  }

  @Test func `Items that need no change keep their places among those that do`() async throws {
    let results = try await session.decideAndCommit(["a", "b", "c"], about: key(of:)) { id, facts in
      id == "b" ? .end("nothing") : .commit(change(id, facts), then: { _ in "committed" })
    }
    #expect(results == ["committed", "nothing", "committed"])
  }

  @Test func `A confirmed event is recorded by the next commit`() async throws {
    var issuing = change("cause", nil)
    issuing.events = [try Event.test("e").outgoing()]
    guard case .committed(let events) = try await session.commit([issuing])[0] else {
      Issue.record("not committed")
      return
    }
    func left() async throws -> Int {
      try await world.store.unpublished(
        by: .holder, before: world.clock.now().adding(seconds: 1), limit: 9
      ).count
    }
    session.confirm(events.map(\.sequence))
    #expect(try await left() == 1)
    _ = try await session.commit([change("another", nil)])
    #expect(try await left() == 0)
  }

  @Test func `Confirmed events are recorded on their own where no commit comes`() async throws {
    var issuing = change("cause", nil)
    issuing.events = [try Event.test("e").outgoing()]
    guard case .committed(let events) = try await session.commit([issuing])[0] else {
      Issue.record("not committed")
      return
    }
    session.confirm(events.map(\.sequence))
    try await session.recordConfirmed()
    let left = try await world.store.unpublished(
      by: .holder, before: world.clock.now().adding(seconds: 1), limit: 9)
    #expect(left.isEmpty)
  }
}
