import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct ResendTests {
  private func resend(
    _ world: World, older seconds: Int64 = 0, dryRun: Bool = false, anyway: Bool = true
  ) async throws -> (missing: Int, published: Int) {
    let counts = try await EventResender(
      store: world.store, broker: world.broker.anotherConnection(), clock: world.clock,
      retryDelays: World.retryDelays
    ).run(
      .init(period: World.period, olderThanSeconds: seconds, isDryRun: dryRun, anyway: anyway))
    return (
      counts.map(\.missing).reduce(0, +), counts.map(\.published).reduce(0, +)
    )
  }

  private func loseEverything(_ world: World) async throws {
    // As every second in a service: what was confirmed is recorded.
    for service in MonthClose.services { try await world.relay(service) }
    let topology = MonthClose.topology(retryDelays: World.retryDelays)
    world.broker.delete(queues: topology.queues.map(\.name), exchanges: [MonthClose.exchange])
    _ = try await world.broker.apply(topology)
  }

  /// Who has worked before the broker lost its data.
  @Test(
    arguments: [
      [ServiceName.charger, .mailer, .holder, .reporter], [.mailer, .holder, .reporter],
      [.holder, .reporter], [.reporter], [],
    ] as [Set<ServiceName>])
  func `A close whose messages are all lost is finished`(_ idle: Set<ServiceName>) async throws {
    let world = try await World(
      accounts: [
        .test("a"), .test("b"), .test("c", card: Account.hard), .test("d", card: nil),
        .test("e", card: Account.soft),
      ])
    try await world.trigger()
    try await world.run(without: idle)
    try await loseEverything(world)
    if !idle.isEmpty {
      #expect(try await world.store.run(World.period)?.state == .running)
      #expect(try await resend(world, dryRun: true).published == 0)
      #expect(world.broker.messages(in: "charger").isEmpty)
    }
    let found = try await resend(world)
    #expect(found.missing == found.published)
    #expect((found.missing == 0) == idle.isEmpty, "nothing where nothing is missing")
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.gateway.charges.count == 2)
    #expect(world.post.sent.count == 5 + 2 + 2)
    #expect(try await world.store.problems() == [])
    #expect(try await resend(world) == (0, 0))
  }

  @Test func `What is in a queue is not missing`() async throws {
    let world = try await World.withDeadCharges(["a", "b"])
    #expect(try await resend(world) == (0, 0), "both are dead letters")
    try await world.replay("r-1")
    #expect(try await resend(world) == (0, 0), "both are in the queue")
  }

  /// As services of version 0.1 do: they leave the stage to the reporter, which hears every event.
  @Test func `A stage that nobody recorded is recorded by the reporter`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    try await world.trigger()
    #expect(try await world.step(.invoicer))
    let about: [(type: EventType, reference: String, mail: MailKind?)] = [
      (.invoiceIssued, "2026-11/a", nil), (.chargeSucceeded, "2026-11/a:1", nil),
      (.mailSent, "invoice.issued:2026-11/a:invoice", .invoice),
      (.mailSent, "charge.succeeded:2026-11/a:1:receipt", .receipt),
    ]
    let changes = try about.map { type, reference, mail in
      var event = try EventSamples.event(type)
      event.id = "\(type.routingKey):\(reference)"
      event.subject = "a"
      event.data.snapshot?.account = "a"
      if let mail { event.data.mail = .init(kind: mail, about: "x") }
      let end = Write.progress(account: "a", period: World.period, reached: [], end: .paid)
      return Change(
        service: try #require(type.sender), messageID: "of 0.1, \(reference)", account: "a",
        writes: [end], events: [try event.outgoing()], at: world.clock.now())
    }
    _ = try await world.store.commit(changes, published: [])
    let found = try await world.store.unrecordedStages(
      World.period, before: world.clock.now().adding(seconds: 1), limit: 10)
    #expect(found.map(\.event.id) == changes.flatMap(\.events).map(\.id))
    world.advance(seconds: 1)
    _ = try await resend(world)
    for _ in 1...2 { _ = try await world.step(.reporter) }
    let left = try await world.store.unrecordedStages(
      World.period, before: world.clock.now(), limit: 10)
    #expect(left.isEmpty)
    #expect(try await world.store.progress(World.period)?.finished == 1)
  }

  @Test func `A message to one service comes back if its queue is not bound`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    try await loseEverything(world)
    world.broker.unbindAll()
    await #expect(throws: NotResent.self) { _ = try await resend(world) }
    for service in MonthClose.services {
      #expect(!MessageCatalogue.isForOthers(MonthClose.replayKey(of: service)))
    }
  }

  @Test func `What is young is left out`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    try await loseEverything(world)
    #expect(try await resend(world, older: 60).missing == 0)
    world.advance(seconds: 61)
    #expect(try await resend(world, older: 60).missing == 1)
  }

  @Test func `A service at work is not disturbed`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    try await loseEverything(world)
    let consumer = try await world.broker.consume("charger", prefetch: 1)
    let note = Change(
      service: .charger, messageID: "other", account: "a",
      decision: DecisionRecord(rule: "x", finding: .same, explanation: ""), at: world.clock.now())
    _ = try await world.store.commit([note], published: [])
    await #expect(throws: EventResender.AtWork.self) { _ = try await resend(world, anyway: false) }
    world.advance(seconds: 11)
    #expect(try await resend(world, anyway: false).published == 1)
    await consumer.stop()
  }

  @Test func `A binding's keys are those of its events`() {
    #expect(
      EventResender.routingKeys(["invoice.*", "replay.reporter"])
        == ["invoice.issued", "invoice.parked", "replay.reporter"])
  }
}
