import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

/// Whole closes, audited, and spoiled in one of the four records.
@Suite struct AuditTests {
  /// Charged, declined for good, declined for now, paid by itself.
  private static func closed() async throws -> World {
    let world = try await World(accounts: [
      .test("a"), .test("b"), .test("hard", card: Account.hard), .test("soft", card: Account.soft),
      .test("m", card: nil),
    ])
    try await world.trigger()
    try await world.run()
    return world
  }

  @Test func `A close that is right holds in everything`() async throws {
    let world = try await Self.closed()
    let report = try await world.audit()
    #expect(report.isQuiet)
    #expect(report.isOK)
    let notHolding = report.findings.filter { $0.verdict != .holds }.map(\.invariant)
    #expect(notHolding == [.fencing, .bounded, .cleanOutput, .consumers])
    #expect(report.findings.map(\.invariant) == Invariant.allCases)
    #expect(report.finding(.oneCharge)?.compared == 2)
    #expect(report.finding(.noLoss)?.compared ?? 0 > 20)
  }

  @Test func `After retries and holds all still holds`() async throws {
    let world = try await Self.closed()
    for _ in 0..<8 {
      world.advance(days: 4)
      try await world.run()
    }
    _ = try await world.operations.recordPayment(
      account: "hard", amount: Money(500, .chf), reference: "r")
    try await world.run()
    let report = try await world.audit()
    #expect(report.findings.filter { $0.verdict == .broken } == [])
    #expect(report.finding(.attempts)?.compared ?? 0 > 4)
  }

  @Test func `In the middle of a close nothing is wrong`() async throws {
    let world = try await World(accounts: (1...6).map { .test("a-\($0)") })
    try await world.trigger()
    for service in [ServiceName.invoicer, .charger, .mailer, .reporter, .invoicer, .charger] {
      try await world.step(service, batch: 3)
      let report = try await world.audit()
      #expect(report.findings.filter { $0.verdict == .broken } == [])
      #expect(!report.isQuiet)
    }
    try await world.run()
    #expect(try await world.audit().isQuiet)
  }

  @Test func `Queues are as they were afterwards`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.step(.invoicer)
    let before = world.broker.messages(in: "invoicer") + world.broker.messages(in: "reporter")
    #expect(!before.isEmpty)
    _ = try await world.audit()
    #expect(world.broker.messages(in: "invoicer") + world.broker.messages(in: "reporter") == before)
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `A second charge at the gateway is named`() async throws {
    let world = try await Self.closed()
    world.gateway.books.withLock { books in
      books.charges.append(
        .init(id: "pi_x", invoice: "2026-11/a", account: "a", amountMinor: 7, attempt: 2))
    }
    let report = try await world.audit()
    #expect(
      report.findings.filter { $0.verdict == .broken }.map(\.invariant)
        == [.oneCharge, .gatewayEqualsLedger, .attempts, .memory])
    #expect(report.finding(.oneCharge)?.violations.ids.first?.hasPrefix("2026-11/a: ch_") == true)
    #expect(report.finding(.gatewayEqualsLedger)?.violations.ids.first?.hasPrefix("ch_x:") == true)
  }

  @Test func `A charge that is gone from the gateway is named`() async throws {
    let world = try await Self.closed()
    world.gateway.books.withLock { $0.charges.removeAll { $0.account == "a" } }
    let broken = try await world.audit().findings.filter { $0.verdict == .broken }
    #expect(broken.map(\.invariant) == [.gatewayEqualsLedger])
    #expect(broken.first?.violations.ids.first?.contains("posted for 2026-11/a") == true)
  }

  @Test func `A message nobody committed is named`() async throws {
    let world = try await Self.closed()
    let ghost = Event(
      id: "close.completed:ghost", type: .closeCompleted, source: "/reporter",
      time: world.clock.now(), data: EventData(period: World.period))
    await world.publish(try ghost.outgoing())
    let report = try await world.audit()
    #expect(report.finding(.noGhost)?.violations.ids == ["close.completed:ghost in reporter"])
    #expect(try await world.audit(deep: false).finding(.noGhost)?.verdict == .notChecked)
  }

  /// Long taken from its queue, as by an earlier version of the program.
  @Test func `A message nobody committed that was acted on is named`() async throws {
    let world = try await Self.closed()
    #expect(try await world.audit().finding(.noGhost)?.verdict == .holds)
    let decision = DecisionRecord(rule: "report.noted", finding: .harmless, explanation: "")
    let (at, mail) = (world.clock.now(), "hold.lifted:2026-11/a:1")
    _ = try await world.store.commit(
      [
        Change(service: .reporter, messageID: "mail.sent:2026-12/a", decision: decision, at: at),
        Change(
          service: .charger, messageID: "invoice.issued:2026-12/a#parked", decision: decision,
          at: at),
        Change(
          service: .invoicer, messageID: "close.range:2026-12:0#account", decision: decision,
          at: at),
        Change(
          service: .mailer, messageID: mail, account: "a", decision: decision,
          writes: [
            .mail(
              MailRecord(
                about: mail, account: "a", kind: .released, period: World.period,
                messageID: "forged", state: .intended))
          ], at: at),
      ], published: [])
    for isDeep in [true, false] {
      let report = try await world.audit(deep: isDeep)
      #expect(
        report.finding(.noGhost)?.violations.ids == [
          "close.range:2026-12:0#account answered by invoicer",
          "hold.lifted:2026-11/a:1 answered by mailer",
          "invoice.issued:2026-12/a#parked answered by charger",
          "mail.sent:2026-12/a answered by reporter",
        ])
      #expect(
        report.finding(.mail)?.violations.ids == ["forged: about an event never committed"])
    }
  }

  @Test func `A message that was lost is named`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.mailer])
    world.broker.delete(queues: ["mailer"])
    _ = try await world.broker.apply(MonthClose.topology(retryDelays: World.retryDelays))
    let now = try await world.audit()
    #expect(now.finding(.noLoss)?.verdict == .holds)
    world.advance(seconds: 600)
    let report = try await world.audit()
    #expect(
      report.finding(.noLoss)?.violations.ids
        == ["invoice.issued:2026-11/a for mailer", "charge.succeeded:2026-11/a:1 for mailer"])
  }

  @Test func `Junk in a queue is no ghost and an honest dead letter`() async throws {
    let world = try await Self.closed()
    let junk = OutgoingMessage(
      exchange: "", routingKey: "charger", messageID: "j", contentType: "text/plain", body: [1])
    _ = await world.broker.publish([junk])
    #expect(try await world.audit().finding(.noGhost)?.verdict == .holds)
    try await world.run()
    let report = try await world.audit()
    #expect(report.isOK)
    #expect(report.finding(.honestDeadLetters)?.compared == 1)
    #expect(report.finding(.quiet)?.verdict == .attention)
  }

  @Test func `Mails are compared with the mailbox`() async throws {
    let world = try await Self.closed()
    let mails = world.post.sent.map { String($0.messageID.prefix { $0 != "@" }) }
    #expect(try await world.audit(mails: mails).finding(.mail)?.verdict == .holds)
    let finding = try await world.audit(mails: mails.dropFirst() + ["x"]).finding(.mail)
    #expect(finding?.violations.total == 2)
  }

  @Test func `A month that was never closed cannot be audited`() async throws {
    let world = try await World(accounts: [.test("a")])
    await #expect(throws: AuditFault.neverStarted(World.period)) { try await world.audit() }
  }
}

extension World {
  func audit(deep: Bool = true, mails: [String]? = nil) async throws -> AuditReport {
    // As the services' upkeep does each second: what was confirmed is recorded.
    for service in MonthClose.services { try await relay(service) }
    let sources = AuditSources(
      ledger: store, gateway: gateway.gateway, broker: broker.anotherConnection(), deep: deep,
      deliveredMails: mails.map { mails in { @Sendable in mails } },
      retryDelays: Self.retryDelays, clock: clock)
    return try await Audit(sources).run(Self.period)
  }
}
