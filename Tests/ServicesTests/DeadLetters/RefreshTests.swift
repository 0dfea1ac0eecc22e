import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct RefreshTests {
  /// An account whose invoice's message says another total than the ledger: parked, a dead letter.
  private func contradicted() async throws -> World {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    let message = try #require(world.broker.messages(in: "charger").first)
    var event = try MessageGate.decode(message.body, contentType: message.contentType)
    event.data.snapshot?.invoice?.total = 1
    event.data.snapshot?.invoice?.open = 1
    world.broker.delete(queues: ["charger"])
    _ = try await world.broker.apply(MonthClose.topology(retryDelays: World.retryDelays))
    var wrong = message
    wrong.exchange = ""
    wrong.routingKey = "charger"
    wrong.body = try encode(event)
    try await world.commit(event)
    _ = await world.broker.publish([wrong])
    try await world.run()
    return world
  }

  @Test(arguments: [nil] + ReplayExecutor.Step.allCases.map(Optional.some))
  func `A new snapshot replaces the old letter`(_ killedAt: ReplayExecutor.Step?) async throws {
    let world = try await contradicted()
    var chosen = try await world.choose()
    #expect(chosen.map(\.classification.letterClass) == [.contradicts])
    let (letter, _) = try #require(try await world.reader.find(chosen[0].id))
    let refreshing = SnapshotRefresher(store: world.store, clock: world.clock)
    chosen[0].target = try await refreshing.newID(for: letter)
    #expect(chosen[0].target == "invoice.issued:2026-11/a~refreshed-1")
    let manifest = try await world.freeze("f-1", chosen, .refresh)
    if let killedAt {
      await #expect(throws: Killed.self) {
        _ = try await world.mover { if $0 == killedAt { throw Killed() } }.carryOut(manifest)
      }
    }
    _ = try await world.mover().carryOut(manifest)
    #expect(world.dead(.charger).isEmpty)
    let sent = world.broker.messages(in: "charger")
    #expect(Set(sent.map(\.messageID)) == [chosen[0].target])
    #expect(Set(sent.map(\.body)).count == 1, "the same bytes, however often")
    let event = try MessageGate.decode(sent[0].body, contentType: sent[0].contentType)
    #expect(event.refreshof == letter.messageID)
    #expect(event.causationid == letter.messageID)
    #expect(event.data.snapshot?.invoice?.total == 1_081)
    #expect(world.broker.messages(in: "mailer").isEmpty, "nobody else hears of it")
    try await world.run()
    #expect(world.gateway.charges.map(\.amountMinor) == [1_081])
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.records(chosen) == [1])
    #expect(try await refreshing.newID(for: letter) == "invoice.issued:2026-11/a~refreshed-2")
  }

  @Test func `A mail that was begun is not refreshed`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.post.box.withLock { $0.next = [.later("busy")] }
    try await world.trigger()
    try await world.run(without: [.charger])
    let waiting = world.broker.messages(in: "mailer.retry.1s").map { message in
      var copy = message
      (copy.exchange, copy.routingKey) = ("", MonthClose.deadQueue(of: .mailer))
      return copy
    }
    #expect(await world.broker.publish(waiting) == [.confirmed])
    let letter = try #require(try await world.choose().first { $0.service == .mailer })
    let found = try #require(try await world.reader.find(letter.id))
    let refreshing = SnapshotRefresher(store: world.store, clock: world.clock)
    await #expect(throws: SnapshotRefresher.Refusal.mailBegun(letter.messageID)) {
      _ = try await refreshing.event(found.letter, as: "new")
    }
  }
}
