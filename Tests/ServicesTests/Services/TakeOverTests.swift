import Billing
import Ledger
import Testing

@testable import Operations

/// What the gateway holds already is counted, and never charged again.
@Suite struct TakeOverTests {
  /// A close, and two days later a ledger of before it in which the close is started again.
  private static func restored(
    _ accounts: [Account], stops: Set<ServiceName> = [.charger]
  ) async throws -> World {
    let world = try await World(accounts: accounts)
    try world.backUp()
    try await world.trigger()
    try await world.run()
    world.advance(days: 2)
    world.gateway.forgetKeys()
    let restored = try await World(restoring: world)
    try await restored.trigger(id: "close-again")
    try await restored.run(without: stops)
    return restored
  }

  private func reconcile(_ world: World) async throws -> Reconciling.Findings {
    let reconciling = Reconciling(
      store: world.store, charges: world.gateway.gateway.list, clock: world.clock)
    let findings = try await reconciling.look(World.period)
    try await reconciling.apply(findings.items, by: "anna", reason: "a backup was put back")
    return findings
  }

  @Test func `After reconciling the close goes on and charges only what is open`() async throws {
    let world = try await Self.restored([.test("a"), .test("b"), .test("m", card: nil)])
    try await world.step(.charger)
    #expect(world.gateway.charges.count == 2)
    let findings = try await reconcile(world)
    #expect(findings.items.map(\.action) == [.count, .count])
    world.advance(seconds: 10)
    try await world.run()
    #expect(world.gateway.charges.count == 2)
    #expect(try await world.ends() == [.paid: 2, .awaitingPayment: 1])
    #expect(try await world.rules("a", .charger).first == "charge.found-at-gateway")
    #expect(try await world.store.run(World.period)?.state == .closed)
    let report = try await world.audit()
    #expect(report.findings.filter { $0.verdict == .broken } == [])
    #expect(try await reconcile(world).items == [])
  }

  /// The customer pays before the charger comes to count what was found: it is money all the same.
  @Test func `What is found counts although the invoice was paid meanwhile`() async throws {
    let world = try await Self.restored([.test("a")])
    try await world.step(.charger)
    #expect(try await reconcile(world).items.map(\.action) == [.count])
    let open = try #require(try await world.facts("a")?.invoice?.openMinor)
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(open, .chf), reference: "bank-1")
    world.advance(seconds: 10)
    try await world.run()
    #expect(try await world.rules("a", .charger).first == "charge.found-at-gateway")
    #expect(try await world.facts("a")?.creditMinor == open)
    #expect(try await world.audit().findings.filter { $0.verdict == .broken } == [])
  }

  @Test func `Before the invoices are there their charges wait for them`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    try world.backUp()
    try await world.trigger()
    try await world.run()
    world.advance(days: 20)
    world.gateway.forgetKeys()
    let restored = try await World(restoring: world)
    #expect(try await reconcile(restored).items.map(\.action) == [.countLater, .countLater])
    try await restored.trigger(id: "close-again")
    try await restored.run()
    #expect(restored.gateway.charges.count == 2)
    #expect(try await restored.ends() == [.paid: 2])
    #expect(try await restored.audit().isOK)
  }

  @Test func `A forgotten decline counts and its number is not used again`() async throws {
    let world = try await Self.restored([
      .test("soft", card: Account.soft, graceDays: 60), .test("hard", card: Account.hard),
    ])
    try await world.step(.charger)
    let calls = world.gateway.calls
    let actions = try await reconcile(world).items.map(\.action)
    #expect(actions == [.rememberDecline, .rememberDecline])
    world.advance(seconds: 10)
    try await world.run()
    #expect(world.gateway.calls == calls)
    #expect(try await world.ends() == [.retryScheduled: 1, .awaitingPayment: 1])
    world.advance(days: 4)
    try await world.run()
    let attempts = try await world.store.auditedAttempts(World.period)
    #expect(attempts.filter { $0.invoice == "2026-11/soft" }.map(\.number) == [1, 2])
    #expect(attempts.filter { $0.invoice == "2026-11/hard" }.map(\.state) == [.declinedHard])
  }

  @Test func `A payment taken by hand stands for the next attempt`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    try await world.trigger()
    try await world.run()
    world.gateway.books.withLock {
      $0.charges.append(
        .init(id: "pi_hand", invoice: "2026-11/a", account: "a", amountMinor: 1081, attempt: nil))
    }
    world.advance(days: 3)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.facts("a")?.attempts.map(\.gatewayID) == [nil, "pi_hand"])
    #expect(try await world.audit().findings.filter { $0.verdict == .broken } == [])
  }

  @Test func `Less than is owed is counted and no second charge made`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    try await world.trigger()
    try await world.run()
    world.gateway.books.withLock {
      $0.charges.append(
        .init(id: "pi_hand", invoice: "2026-11/a", account: "a", amountMinor: 1000, attempt: nil))
    }
    world.advance(days: 3)
    try await world.run()
    #expect(try await world.facts("a")?.invoice?.openMinor == 81)
    world.advance(days: 10)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await world.audit().isOK)
  }

  @Test(arguments: [("EUR", Int64(0)), ("CHF", 5)])
  func `Money only a person can place is parked`(currency: String, refunded: Int64) async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 60)])
    try await world.trigger()
    try await world.run()
    world.gateway.books.withLock {
      $0.charges.append(
        .init(
          id: "pi_hand", invoice: "2026-11/a", account: "a", amountMinor: 1081, attempt: nil,
          currency: currency, refundedMinor: refunded))
    }
    world.advance(days: 3)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await world.ends() == [.parked: 1])
    #expect(try await world.rules("a", .charger).last == "charge.found-unclear")
  }

  @Test func `Another company's charge is set aside and holds nothing up`() async throws {
    let world = try await World(accounts: [.test("a")])
    let stranger = PaperGateway.Charge(
      id: "pi_x", invoice: "2026-11/stranger", account: "stranger", amountMinor: 7)
    world.gateway.books.withLock { $0.charges.append(stranger) }
    try await world.trigger()
    try await world.run(without: [.charger])
    try await world.step(.charger)
    #expect(world.gateway.calls == 0)
    #expect(try await reconcile(world).items.map(\.action) == [.unknownAccount])
    let reconciling = Reconciling(
      store: world.store, charges: world.gateway.gateway.list, clock: world.clock)
    try await reconciling.setAside(stranger.listed, by: "anna", reason: "another company's")
    world.advance(seconds: 10)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.audit().isOK)
  }

  @Test func `One payment is no proof for two invoices`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    world.gateway.script("a", .answer(.succeeded(gatewayID: "pi_same")))
    world.gateway.script("b", .answer(.succeeded(gatewayID: "pi_same")))
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.paid: 1, .parked: 1])
    #expect(try await world.broker.depth(of: "charger.dead")?.messages == 1)
  }

  @Test func `A gateway without keys is looked at before it is asked again`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.books.withLock { $0.ignoresKeys = true }
    // Charged, nobody heard, and the search does not have it yet.
    world.gateway.script("a", .chargedUnheard)
    world.gateway.books.withLock { $0.lookupsBehind = 2 }
    try await world.trigger()
    try await world.run()
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.unknown])
    for _ in 1...3 {
      world.advance(seconds: 11)
      try await world.run()
    }
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func `What never arrived is sent again once nothing can be under way`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.books.withLock { $0.ignoresKeys = true }
    world.gateway.script("a", .lost)
    try await world.trigger()
    try await world.run()
    world.advance(seconds: 60)
    try await world.run()
    #expect(world.gateway.calls == 1)
    world.advance(days: 2)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.ends() == [.paid: 1])
  }
}
