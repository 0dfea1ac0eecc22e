import Billing
import Broker
import Ledger
import Testing

@testable import Services

@Suite struct InvoicerTests {
  private func session(_ world: World) -> LedgerSession {
    LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
  }

  private func range(_ world: World) -> Event {
    Event(
      id: "close.range:2026-11:0", type: .closeRange, source: "/invoicer",
      time: world.clock.now(), period: World.period,
      data: EventData(period: World.period, range: .init(number: 0, of: 1)))
  }

  @Test func `A message that is neither a trigger nor a range is a dead letter`() async throws {
    let world = try await World(accounts: [.test("a")])
    let job = Job.test(try EventSamples.event(.invoiceIssued))
    let outcomes = try await Invoicer(session: session(world), rangeSize: 3).work([job])
    guard case .dead(let fault) = try #require(outcomes.first) else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(fault.reason == .unexpectedType)
  }

  @Test func `A range of a close that is not in the ledger yet is tried later`() async throws {
    let world = try await World(accounts: [.test("a")])
    let invoicer = Invoicer(session: session(world), rangeSize: 3)
    let outcomes = try await invoicer.work([.test(range(world))])
    guard case .later(let fault) = try #require(outcomes.first) else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(fault.reason == .behind)
    #expect(try await world.rules("a", .invoicer) == [])
  }

  @Test func `An invoice rated before more usage was imported is refused, and rated anew`()
    async throws
  {
    let world = try await World(accounts: [.test("a")], usage: [.test("a", "100")])
    try await world.trigger()
    try await world.step(.invoicer, batch: 1)
    let plan = InvoicePlan(
      session: session(world), job: .test(range(world)), period: World.period,
      catalogs: try await world.store.catalogs(for: World.period))
    let facts = try await world.store.invoicingFacts(
      ["a"], period: World.period, eventMetrics: [])
    let outdated = try facts.map(plan.change)
    try await world.add([.test("a", "50", id: "u-2")])
    #expect(try await session(world).commit(outdated) == [.stale(.usage)])
    #expect(try await world.store.invoices(["2026-11/a"]).isEmpty)
    try await world.run()
    // 150 h at 0.10 and 10.00 support, 8.1 % tax on 25.00.
    #expect(try await world.store.invoices(["2026-11/a"])["2026-11/a"]?.facts.totalMinor == 2_703)
  }

  @Test func `An account that cannot be rated is parked, and its neighbours are invoiced`()
    async throws
  {
    let world = try await World(
      accounts: [.test("a"), .test("b", currency: "EUR"), .test("c")])
    try await world.trigger()
    try await world.run(without: [.charger, .mailer, .holder])
    #expect(try await world.ends() == [.parked: 1])
    #expect(try await world.rules("b", .invoicer) == ["invoice.no-catalog"])
    let issued = try await world.store.invoices(["2026-11/a", "2026-11/b", "2026-11/c"])
    #expect(Set(issued.keys) == ["2026-11/a", "2026-11/c"])
  }

  @Test func `An account that is invoiced is not invoiced again, whatever was imported since`()
    async throws
  {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run()
    let before = try await world.store.invoices(["2026-11/a"])["2026-11/a"]?.facts.totalMinor
    try await world.add([.test("a", "50", id: "u-late")])
    let outcomes = try await Invoicer(session: session(world), rangeSize: 3)
      .work([.test(range(world))])
    guard case .done(let events) = try #require(outcomes.first) else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(events.isEmpty)
    #expect(
      try await world.store.invoices(["2026-11/a"])["2026-11/a"]?.facts.totalMinor == before)
  }

  @Test func `A second trigger invoices nobody twice`() async throws {
    let world = try await World(accounts: (1...10).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.trigger(id: "close-2026-11-again")
    try await world.run()
    try await world.trigger(id: "close-2026-11-later")
    try await world.run()
    #expect(world.gateway.charges.count == 10)
    #expect(try await world.store.totals(World.period).first?.invoices == 10)
    #expect(world.post.sent.count == 20)
  }

  /// As after a crash between the accounts' commit and the range's own.
  @Test func `A range left half way is taken up again`() async throws {
    let world = try await World(accounts: (1...3).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.step(.invoicer)
    let range = Event(
      id: "close.range:2026-11:0", type: .closeRange, source: "/invoicer",
      time: world.clock.now(), period: World.period,
      data: EventData(period: World.period, range: .init(number: 0, of: 1)))
    let session = LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
    let plan = InvoicePlan(
      session: session, job: .test(range), period: World.period,
      catalogs: try await world.store.catalogs(for: World.period))
    let facts = try await world.store.invoicingFacts(
      ["a-2"], period: World.period, eventMetrics: [])
    _ = try await session.commit(try facts.map(plan.change))
    try await world.run()
    #expect(try await world.store.totals(World.period).first?.invoices == 3)
    world.advance(seconds: 60)
    try await world.relay(.invoicer)
    try await world.run()
    #expect(try await world.ends() == [.paid: 3])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `A second trigger brings back a lost range`() async throws {
    let world = try await World(accounts: (1...4).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.step(.invoicer)
    world.broker.delete(queues: ["invoicer"])
    _ = try await world.broker.apply(MonthClose.topology(retryDelays: World.retryDelays))
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.paid: 4])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `A range that does not exist is a dead letter`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run()
    let event = Event(
      id: "close.range:2026-11:9", type: .closeRange, source: "/test", time: world.clock.now(),
      data: EventData(period: World.period, range: .init(number: .max, of: 1)))
    try await world.issue(try event.outgoing())
    try await world.run()
    #expect(try await world.broker.depth(of: "invoicer.dead")?.messages == 1)
  }
}
