import Billing
import Ledger
import Testing

@testable import Services

/// When the close ends, and what the reporter makes of messages that version 0.1 sends it.
@Suite struct ReporterTests {
  /// A close that is opened, and nothing more: no account has reached a stage.
  private func opened(_ accounts: [String] = ["a"]) async throws -> World {
    let world = try await World(accounts: accounts.map { .test($0) })
    try await world.trigger()
    #expect(try await world.step(.invoicer, batch: 1))
    return world
  }

  private func reporter(_ world: World) -> Reporter {
    Reporter(session: LedgerSession(service: .reporter, store: world.store, clock: world.clock))
  }

  private func job(
    _ type: EventType, _ mail: MailKind? = nil, account: String? = "a", _ world: World
  ) -> Job {
    .test(
      Event(
        id: "test:\(type.rawValue)", type: type, source: "/test", time: world.clock.now(),
        subject: account, period: World.period,
        data: EventData(mail: mail.map { .init(kind: $0, about: "x") })))
  }

  private func stages(_ world: World) async throws -> Set<String> {
    let progress = try await world.store.progress(World.period)
    return Set((progress?.milestones ?? [:]).filter { $0.value > 0 }.keys)
  }

  private static let recorded: [(type: EventType, mail: MailKind?, stages: Set<String>)] = [
    (.invoiceIssued, nil, ["invoiced"]),
    (.invoiceParked, nil, []),  // The ledger knows that this account is not parked.
    (.chargeSucceeded, nil, ["settled"]),
    (.chargeDeclined, nil, ["settled"]),
    (.chargeSkipped, nil, ["settled", "outcome_mailed"]),
    (.chargeParked, nil, ["settled", "outcome_mailed"]),
    (.mailSent, .invoice, ["invoice_mailed"]),
    (.mailRefused, .invoice, ["invoice_mailed"]),
    (.mailSuppressed, .receipt, ["outcome_mailed"]),
    (.mailSent, .declined, ["outcome_mailed"]),
    (.mailSent, .held, []),
    (.holdPlaced, nil, []),
    (.paymentRecorded, nil, []),
  ]

  @Test(arguments: recorded.indices)
  func `Each message proves the stages that no further message will prove`(index: Int) async throws
  {
    let world = try await opened()
    let (type, mail, expected) = Self.recorded[index]
    _ = try await reporter(world).work([job(type, mail, world)])
    let found = try await stages(world)
    #expect(found == expected)
  }

  @Test func `For an account that was parked no step will follow, and the close can end`()
    async throws
  {
    let world = try await World(accounts: [.test("a", currency: "EUR")])
    try await world.trigger()
    try await world.run(without: [.reporter])
    _ = try await reporter(world).maintain()
    #expect(
      try await stages(world) == ["invoiced", "settled", "invoice_mailed", "outcome_mailed"])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `A message that comes again changes nothing`() async throws {
    let world = try await opened()
    let job = job(.invoiceIssued, nil, world)
    let outcomes = try await reporter(world).work([job, job])
    #expect(outcomes.map { $0.fault } == [nil, nil])
    #expect(try await world.store.progress(World.period)?.milestones["invoiced"] == 1)
    #expect(try await world.rules("a", .reporter) == ["report.invoiced"])
  }

  @Test func `A message about an account outside of the close changes no stage`() async throws {
    let world = try await opened()
    _ = try await reporter(world).work([job(.invoiceIssued, nil, account: nil, world)])
    #expect(try await stages(world) == [])
  }

  @Test func `The close ends with the last stage of its last account, and not before`()
    async throws
  {
    let world = try await opened(["a", "b"])
    let others = MonthClose.services.filter { $0 != .reporter }
    var steps = 0
    var isMoving = true
    while isMoving {
      isMoving = false
      for service in others where try await world.step(service, batch: 1) {
        isMoving = true
        steps += 1
        _ = try await reporter(world).maintain()
        let progress = try #require(try await world.store.progress(World.period))
        #expect((progress.run.state == .closed) == (progress.finished == 2))
      }
    }
    #expect(steps >= 8, "two invoices, two charges and the mails about them")
    #expect(try await world.store.run(World.period)?.state == .closed)
    let ended = try #require(try await world.store.event("close.completed:2026-11"))
    let event = try MessageGate.decode(ended.event.body, contentType: nil)
    #expect(event.data.ends == ["paid": 2])
  }

  @Test func `A close that has ended is not ended again`() async throws {
    let world = try await opened()
    try await world.run()
    #expect(try await reporter(world).maintain().isEmpty)
    let closedAt = try await world.store.run(World.period)?.closedAt
    world.advance(seconds: 60)
    _ = try await reporter(world).work([job(.mailSent, .invoice, world)])
    #expect(try await world.store.run(World.period)?.closedAt == closedAt)
  }

  /// As after a crash of the reporter between its last note and the end of the close.
  @Test func `A close that is finished is ended by the next look`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.reporter])
    let note = Change(
      service: .reporter, messageID: "noted", account: "a",
      writes: [[.invoiced, .settled], [.invoiceMailed, .outcomeMailed]].map {
        .progress(account: "a", period: World.period, reached: $0, end: nil)
      },
      at: world.clock.now())
    _ = try await world.store.commit([note], published: [])
    #expect(try await world.store.run(World.period)?.state == .running)
    let session = LedgerSession(service: .reporter, store: world.store, clock: world.clock)
    #expect(
      try await Reporter(session: session).maintain().map(\.event.type) == ["close.completed.v1"])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }
}
