import Billing
import Broker
import Ledger
import Testing

@testable import Payments

/// Between the charger and its gateway: nothing, or something that answers in its place.
@Suite struct GatewayAwayTests {
  private static let accounts: [Account] = (1...40).map {
    .test("a-\($0)", card: $0 % 4 == 0 ? nil : "")
  }

  /// Two hours without a gateway: 71 minutes of retries would be over.
  @Test func `An unreachable gateway uses up no retries and delays no other message`()
    async throws
  {
    let world = try await World(accounts: Self.accounts)
    for account in Self.accounts where account.paymentMethod != nil {
      world.gateway.away(account.id)
    }
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.awaitingPayment: 10], "those that pay by hand")
    for _ in 1...240 {
      world.advance(seconds: 30)
      try await world.run()
    }
    #expect(try await world.dead() == 0)
    #expect(world.gateway.calls < 400, "one probe a pause")
    world.gateway.back()
    for _ in 1...30 {
      world.advance(seconds: 2)
      try await world.run()
    }
    #expect(try await world.ends() == [.awaitingPayment: 10, .paid: 30])
    #expect(world.gateway.charges.count == 30)
    #expect(try await world.store.run(World.period)?.state == .closed)
    let attempts = try await world.facts("a-1")?.attempts.map(\.state)
    #expect(attempts == [.succeeded], "the attempt that was not made is made")
  }

  @Test func `What the gateway asks for is waited`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    world.gateway.script("a", .answer(.throttled(retryAfterSeconds: 90)))
    try await world.trigger()
    try await world.run(without: [.charger])
    try await world.step(.charger, batch: 1)
    try await world.run()
    let before = world.gateway.calls
    for _ in 1...80 {
      world.advance(seconds: 1)
      try await world.run()
    }
    #expect(world.gateway.calls == before, "no call before the time named")
    for _ in 1...30 {
      world.advance(seconds: 1)
      try await world.run()
    }
    #expect(try await world.ends() == [.paid: 2])
    #expect(try await world.dead() == 0)
  }

  /// Each of these once parked the accounts it met for good.
  @Test(.timeLimit(.minutes(2)), arguments: LyingGateway.Lie.allCases)
  func `Ten seconds of a proxy's answers park nobody`(_ lie: LyingGateway.Lie) async throws {
    try await survive(try LyingGateway(lie))
  }

  @Test(.timeLimit(.minutes(2)), arguments: [LyingGateway.Lie.html, .redirect])
  func `Nor do those to the list of charges`(_ lie: LyingGateway.Lie) async throws {
    try await survive(try LyingGateway(lie, lists: true))
  }

  private func survive(_ lying: LyingGateway) async throws {
    defer { lying.server.stop() }
    let gateway = try PaymentGateway.http(
      url: lying.server.url, key: "sk_test_x", timeoutSeconds: 10, maxConnections: 8,
      logger: .init(label: "test"))
    let world = try await World(accounts: Self.accounts, charging: gateway)
    try await world.trigger()
    for _ in 1...10 {
      try await world.run()
      world.advance(seconds: 1)
    }
    #expect(lying.lies > 0, "a fault that was not met is no test")
    lying.tellTheTruth()
    for _ in 1...40 {
      world.advance(seconds: 2)
      try await world.run()
    }
    await gateway.shutdown()
    #expect(try await world.ends() == [.awaitingPayment: 10, .paid: 30])
    #expect(lying.chargesByInvoice.count == 30)
    #expect(lying.chargesByInvoice.values.allSatisfy { $0 == 1 })
    #expect(try await world.dead() == 0)
  }
}

extension World {
  fileprivate func dead() async throws -> Int {
    try await broker.depth(of: "charger.dead")?.messages ?? 0
  }
}
