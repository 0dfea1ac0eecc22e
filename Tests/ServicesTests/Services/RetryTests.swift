import Billing
import Ledger
import Testing

/// A card that is declined softly, and services that were away.
@Suite struct RetryTests {
  /// Attempts 2, 3 and 4 were all due during the outage.
  @Test func `Attempts after an outage keep their distance`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    try await world.trigger()
    try await world.run()
    world.advance(days: 8)
    var attemptsMade: [Int] = []
    for _ in 0..<7 {
      try await world.run()
      attemptsMade.append(try await world.facts("a")?.attempts.count ?? 0)
      world.advance(days: 1)
    }
    #expect(attemptsMade == [2, 2, 3, 3, 4, 4, 4])
    #expect(world.mails(to: "a").count == 1 + 4)
    #expect(try await world.ends() == [.awaitingPayment: 1])
  }

  /// The answer to the first attempt is only found after days: the gap begins there.
  @Test func `Decline that is heard of late is not followed at once`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    world.gateway.script("a", .lost)
    try await world.trigger()
    try await world.run()
    world.advance(days: 6)
    try await world.run()
    let attempts = try await world.facts("a")?.attempts ?? []
    #expect(attempts.map(\.state) == [.lost, .declinedSoft])
    let due = try await world.store.story(of: "a", period: nil)?.due ?? []
    let next = due.filter { $0.kind == .dueCharge }.map(\.dueAt).max()
    #expect(next == world.clock.now().adding(days: 3))
  }
}
