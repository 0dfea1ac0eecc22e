import Billing
import Ledger
import Testing

@testable import Services

/// A backup is put back, and the services are started over it.
@Suite struct RestoredLedgerTests {
  private static func closedSince(_ accounts: [Account]) async throws -> World {
    let world = try await World(accounts: accounts)
    try world.backUp()
    try await world.trigger()
    try await world.run()
    // The gateway has forgotten its keys.
    world.advance(days: 2)
    world.gateway.forgetKeys()
    return world
  }

  @Test func `What the ledger has forgotten is not charged again`() async throws {
    let world = try await Self.closedSince((1...5).map { .test("a-\($0)") })
    #expect(world.gateway.charges.count == 5)
    let restored = try await World(restoring: world)
    try await restored.trigger(id: "close-again")
    try await restored.run(without: [.charger])
    for _ in 1...3 { try await restored.step(.charger) }
    #expect(restored.gateway.charges.count == 5)
    #expect(try await restored.facts("a-1")?.attempts == [])
    #expect(try await restored.broker.depth(of: "charger")?.messages == 5)
  }

  @Test func `An audit of a restored ledger sees every charge`() async throws {
    let world = try await Self.closedSince([.test("a"), .test("b")])
    let restored = try await World(restoring: world)
    try await restored.trigger(id: "close-again")
    try await restored.run(without: [.charger])
    let report = try await restored.audit()
    let broken = report.findings.filter { $0.verdict == .broken }.map(\.invariant)
    #expect(broken.contains(.memory) && broken.contains(.gatewayEqualsLedger))
    #expect(report.finding(.memory)?.violations.total == 2)
  }

  @Test func `A gateway that cannot be listed pauses the charging`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.books.withLock { $0.listFault = .unreachable("connection refused") }
    try await world.trigger()
    try await world.run(without: [.charger])
    try await world.step(.charger)
    #expect(world.gateway.calls == 0)
    world.gateway.books.withLock { $0.listFault = nil }
    world.advance(seconds: 10)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func `Only a walk says whether the memory is whole`() async throws {
    let world = try await World(accounts: [.test("a")])
    let health = ServiceHealth()
    let memory = GatewayMemory(
      gateway: world.gateway.gateway, store: world.store, clock: world.clock, health: health)
    world.gateway.books.withLock { $0.listFault = .unreadable("not JSON") }
    _ = try await memory.terms(charging: [World.period])
    #expect(await health.report().missing[.chargeHistory]?.contains("not JSON") == true)
    world.gateway.books.withLock { $0.listFault = nil }
    // Known for some seconds, and not asked again.
    _ = try await memory.terms(charging: [World.period])
    #expect(await health.report().missing[.chargeHistory] != nil)
    world.advance(seconds: GatewayMemory.pauseSeconds)
    _ = try await memory.terms(charging: [World.period])
    #expect(await health.report().missing.isEmpty)
  }

  @Test func `A close without a cloud on it asks for one page`() async throws {
    let world = try await World(accounts: (1...8).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.run()
    #expect(world.gateway.books.withLock { $0.lists } == 1)
    let restarted = try await World(restarting: world, options: SQLiteOptions())
    _ = try await restarted.operations.recordPayment(
      account: "a-1", amount: Money(1, .chf), reference: "r")
    try await restarted.trigger(id: "again")
    try await restarted.run()
    #expect(restarted.gateway.books.withLock { $0.lists } <= 2)
    #expect(restarted.gateway.charges.count == 8)
  }
}
