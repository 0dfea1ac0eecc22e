import Billing
import Broker
import Ledger
import Testing

@testable import Services

/// Accounts imported after the trigger, over the in-memory broker. Ranges have three accounts.
@Suite struct LateAccountCloseTests {
  /// Everybody of the first trigger is invoiced, and nobody charged yet.
  private func runningWorld(_ accounts: Int = 1) async throws -> World {
    let world = try await World(accounts: (1...accounts).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.run(without: [.charger])
    #expect(try await world.store.run(World.period)?.state == .running)
    return world
  }

  @Test func `Second trigger takes them in and everybody comes to their end`() async throws {
    let world = try await runningWorld(4)
    try await world.load((1...4).map { .test("late-\($0)") }, [.test("late-1", "100")])
    try await world.trigger(id: "close-2026-11-again")
    try await world.run(without: [.charger])
    #expect(try await world.store.run(World.period)?.expected == 4, "nobody said they are meant")
    try await world.trigger(id: "close-2026-11-late", late: true)
    try await world.run()
    let run = try #require(try await world.store.run(World.period))
    #expect((run.expected, run.ranges, run.state) == (8, 4, .closed))
    #expect(try await world.ends() == [.paid: 8])
    let amounts = world.gateway.charges.map(\.amountMinor).sorted()
    #expect(amounts == [Int64](repeating: 1081, count: 7) + [2162])
    #expect(world.mails(to: "late-1").count == 2)
    #expect(try await world.store.problems() == [])
    #expect(world.dead(.invoicer).isEmpty && world.dead(.reporter).isEmpty)
    #expect(
      try await expected(world) == [
        "close.started:2026-11": ["expected": 4],
        "close.started:2026-11:2": ["expected": 8, "late": 4],
      ])
    #expect(
      try await world.store.triggers(of: World.period).map(\.explanation)
        == ["4 accounts that came later were added"])
  }

  /// What was told of the expected number, by event.
  private func expected(_ world: World) async throws -> [String: [String: Int]] {
    let ids = ["close.started:2026-11", "close.started:2026-11:2"]
    return try await world.store.committedBodies(ids).compactMapValues { bodies in
      try bodies.first.map { try MessageGate.decode($0, contentType: nil).data.ends ?? [:] }
    }
  }

  @Test func `Triggers that come twice or in crowds take each in once`() async throws {
    let world = try await runningWorld()
    try await world.load([.test("late-1"), .test("late-2")], [])
    // closectl's trigger has one id for a month.
    for _ in 1...3 { try await world.trigger(late: true) }
    for number in 1...3 { try await world.trigger(id: "again-\(number)", late: true) }
    try await world.run()
    try await world.trigger()
    try await world.run()
    #expect(try await world.store.run(World.period)?.expected == 3)
    #expect(try await world.ends() == [.paid: 3])
    #expect(world.gateway.charges.count == 3)
  }

  /// As after a kill between the ledger and the broker: the new ranges are in the ledger alone.
  @Test func `Ranges that nobody was told of are published by the next process`() async throws {
    let world = try await runningWorld()
    try await world.load([.test("late")], [])
    let session = LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
    let trigger = Event(
      id: "close-2026-11", type: .closeRequested, source: "/cron", time: world.clock.now(),
      data: EventData(period: World.period, late: true))
    let outcomes = try await Invoicer(session: session, rangeSize: 3).work([.test(trigger)])
    guard case .done(let events) = outcomes[0] else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(events.map(\.event.id) == ["close.started:2026-11:1", "close.range:2026-11:1"])
    world.advance(seconds: 60)
    try await world.relay(.invoicer)
    try await world.run()
    #expect(try await world.ends() == [.paid: 2])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  /// A closed month stays as it is: their usage goes on the next invoice by itself.
  @Test func `Closed month takes nobody in`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run()
    try await world.load([.test("late")], [.test("late", "50")])
    try await world.trigger(id: "close-2026-11-again", late: true)
    try await world.run()
    #expect(try await world.store.run(World.period)?.expected == 1)
    #expect(try await world.facts("late")?.invoice == nil)
    world.advance(days: 31)
    try await world.trigger(World.period.next)
    try await world.run()
    let december = try #require(try await world.store.invoices(["2026-12/late"])["2026-12/late"])
    // 5.00 for 50 h in November, and December's flat fee of 10.00; 8.1 % tax.
    #expect(december.facts.totalMinor == 1622)
    #expect(try await world.store.problems() == [])
  }

  /// December was closed while November was still running without them: what it billed of November
  /// is taken off November's own invoice.
  @Test func `Usage that a later month has billed is not billed again`() async throws {
    let world = try await runningWorld()
    try await world.load([.test("late")], [.test("late", "50")])
    world.advance(days: 31)
    try await world.trigger(World.period.next)
    try await world.run(without: [.charger])
    try await world.trigger(id: "close-2026-11-again", late: true)
    try await world.run()
    let invoices = try await world.store.invoices(["2026-11/late", "2026-12/late"])
    #expect(invoices["2026-12/late"]?.facts.totalMinor == 1622)
    #expect(invoices["2026-11/late"]?.facts.totalMinor == 1081, "the flat fee alone")
  }

  /// Everybody had their end, and somebody was taken in before the reporter said so.
  @Test func `Reporter does not end a close with somebody on the way`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.reporter])
    try await world.load([.test("late")], [])
    try await world.trigger(id: "close-2026-11-again", late: true)
    try await world.run(without: [.charger])
    #expect(try await world.store.run(World.period)?.state == .running)
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(try await world.ends() == [.paid: 2])
    let id = "close.completed:2026-11"
    let body = try #require(try await world.store.committedBodies([id])[id]?.first)
    #expect(try MessageGate.decode(body, contentType: nil).data.ends == ["paid": 2])
  }
}
