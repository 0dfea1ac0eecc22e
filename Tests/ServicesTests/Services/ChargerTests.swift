import Billing
import Ledger
import Testing

@testable import Services

@Suite struct ChargerTests {
  @Test func `A payment between invoice and charge leaves only the rest`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    try await world.trigger()
    try await world.run(without: [.charger])
    // 10.00 and 8.1 % tax: 10.81 are open.
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(1_000, .chf), reference: "bank-1")
    _ = try await world.operations.recordPayment(
      account: "b", amount: Money(1_081, .chf), reference: "bank-2")
    try await world.run()
    #expect(world.gateway.charges.map(\.amountMinor) == [81])
    #expect(try await world.rules("a", .charger) == ["charge.partly-paid"])
    #expect(try await world.rules("b", .charger) == ["charge.nothing-open"])
    #expect(try await world.ends() == [.paid: 2])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `A charge nobody heard of is found and posted once`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", .chargedUnheard)
    try await world.trigger()
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func `A call that never arrived is sent again under the same key`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", .lost)
    try await world.trigger()
    try await world.run()
    #expect(world.gateway.charges.isEmpty)
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.unknown])
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.succeeded])
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  /// A charger killed after its first answers leaves attempts without one. The next one repeats
  /// them only if it knows that the gateway keeps keys, of which a lookup tells it nothing.
  @Test func `That a gateway keeps keys is recorded before its first answers`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.books.withLock { $0.hasRepeatedKey = false }
    try await world.trigger()
    try await world.run(without: [.charger])
    #expect(try await !world.store.keepsKeys("paper"))
    try await world.step(.charger)
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.succeeded])
    #expect(try await world.store.keepsKeys("paper"))
  }

  @Test func `Soft declines are tried again on their days then never more`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 30)])
    try await world.trigger()
    try await world.run()
    var attemptsMade: [Int] = [try await attempts(world)]
    for _ in 1...10 {
      world.advance(days: 1)
      try await world.run()
      attemptsMade.append(try await attempts(world))
    }
    #expect(attemptsMade == [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4])
    #expect(try await world.ends() == [.awaitingPayment: 1])
    #expect(world.mails(to: "a").count == 1 + 4)
  }

  @Test func `A hard decline is never tried again and ends on hold`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run()
    world.advance(days: 15)
    try await world.run()
    #expect(world.gateway.calls == 1)
    #expect(try await world.ends() == [.held: 1])
    let recorded = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank")
    let again = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank")
    #expect(recorded == .done("10.81 CHF by bank: 10.81 CHF of 2026-11/a, paid in full"))
    #expect(again == .repeated("reference bank was recorded before, for 10.81 CHF"))
    try await world.run()
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(try await world.ends() == [.paid: 1])
    let subjects = world.mails(to: "a").map(\.subject)
    #expect(subjects.count == 4, "invoice, declined, held, released: \(subjects)")
  }

  @Test func `An answer that is not ours parks and posts nothing`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", .answer(.implausible("amount 1 instead of 1081")))
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.parked: 1])
    #expect(try await world.facts("a")?.balanceMinor == 1081)
    #expect(try await world.broker.depth(of: "charger.dead")?.messages == 1)
  }

  @Test func `Past the key's window a payment is looked up never sent blindly`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", .lost)
    try await world.trigger()
    try await world.run()
    world.advance(days: 2)
    try await world.run()
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.lost, .succeeded])
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `A snapshot that contradicts the ledger is parked for a person`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    try await world.trigger()
    try await world.run()
    var facts = try #require(try await world.facts("a"))
    facts.invoice?.totalMinor = 999_999
    let session = LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
    let cause = Event(
      id: "forged", type: .closeRange, source: "/test", time: world.clock.now(),
      data: EventData())
    try await world.issue(
      try AccountEvents(session, causedBy: cause).make(
        .invoiceIssued, about: "forged", after: facts))
    try await world.run()
    #expect(try await world.broker.depth(of: "charger.dead")?.messages == 1)
    #expect(world.gateway.charges.isEmpty)
    #expect(try await world.rules("a", .charger).contains("charge.contradiction"))
  }

  @Test func `A refused key pauses and dead letters nothing`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b", card: nil)])
    world.gateway.script("a", .answer(.unauthorized("401")), .answer(.unauthorized("401")))
    try await world.trigger()
    try await world.run(without: [.charger])
    try await world.step(.charger)
    #expect(try await world.ends() == [.awaitingPayment: 1], "the neighbour does not wait")
    for _ in 1...4 {
      world.advance(seconds: 1)
      try await world.run()
    }
    #expect(try await world.ends() == [.awaitingPayment: 1, .paid: 1])
    #expect(try await world.broker.depth(of: "charger.dead")?.messages == 0)
    #expect(world.gateway.charges.count == 1)
  }

  private func attempts(_ world: World) async throws -> Int {
    try await world.facts("a")?.attempts.count ?? 0
  }
}
