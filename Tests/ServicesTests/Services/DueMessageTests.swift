import Billing
import Ledger
import Testing

@testable import Services

/// A due message counts only with its row of due work.
@Suite struct DueMessageTests {
  private func message(
    _ world: World, _ type: EventType, reference: String, attempt: Int? = nil
  ) async throws -> OutgoingEvent {
    let facts = try #require(try await world.facts("a"))
    let cause = Event(
      id: "forged", type: .closeRange, source: "/test", time: world.clock.now(),
      data: EventData())
    let session = LedgerSession(service: .charger, store: world.store, clock: world.clock)
    return try AccountEvents(session, causedBy: cause).make(type, about: reference, after: facts) {
      if let attempt {
        $0.charge = .init(attempt: attempt, amount: facts.invoice?.openMinor ?? 0)
      }
    }
  }

  private func declined() async throws -> World {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    try await world.trigger()
    try await world.run()
    #expect(world.gateway.calls == 1)
    return world
  }

  private func dead(_ queue: String, _ world: World) async throws -> Int? {
    try await world.broker.depth(of: queue)?.messages
  }

  /// Attempt 2 is scheduled for the third day; nothing but its own row makes it due today.
  @Test(arguments: [("2026-11/a:2", 2), ("2026-11/a:7", 7), ("2026-11/a:2", 3), ("2026-11/a", 1)])
  func `Charge nobody scheduled for now is not made`(reference: String, attempt: Int) async throws {
    let world = try await declined()
    let before = try await world.facts("a")
    await world.publish(
      try await message(world, .dueCharge, reference: reference, attempt: attempt))
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await dead("charger.dead", world) == 1)
    #expect(try await world.facts("a") == before)
    #expect(try await world.ends() == [.retryScheduled: 1], "and nothing is parked")
    world.advance(days: 3)
    try await world.run()
    #expect(world.gateway.calls == 2, "the real one is made on its day")
  }

  @Test func `Due message with another attempt than its row does nothing`() async throws {
    let world = try await declined()
    world.delivered.withLock { form in
      form = { delivery in
        var delivery = delivery
        if delivery.queue == "charger" {
          delivery.body = Array(
            String(decoding: delivery.body, as: UTF8.self)
              .replacing(#""attempt":2"#, with: #""attempt":9"#).utf8)
        }
        return delivery
      }
    }
    world.advance(days: 3)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await dead("charger.dead", world) == 1)
  }

  @Test func `Grace nobody scheduled places no hold`() async throws {
    let world = try await World(accounts: [.test("a", card: nil, graceDays: 10)])
    try await world.trigger()
    try await world.run()
    world.advance(days: 10)
    // The real one is due now and has not been taken out yet.
    let end = try #require(try await world.facts("a")?.invoice).issuedAt.adding(days: 10)
    await world.publish(
      try await message(world, .dueGrace, reference: "2026-11/a:\(end.rfc3339)x"))
    try await world.step(.holder)
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(try await dead("holder.dead", world) == 1)
    try await world.run()
    #expect(try await world.facts("a")?.heldForInvoice == "2026-11/a")
  }
}
