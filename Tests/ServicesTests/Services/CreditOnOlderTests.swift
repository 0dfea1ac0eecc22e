import Billing
import Ledger
import Testing

/// A negative invoice while an older one is open: its credit pays the older one.
@Suite struct CreditOnOlderTests {
  private static let december = World.period.next

  private func close(_ period: Period, in world: World) async throws {
    try await world.trigger(period)
    try await world.run()
  }

  @Test func `Credit of a negative invoice pays the oldest debt`() async throws {
    let world = try await World(
      accounts: [.test("m", card: nil, graceDays: 40)], usage: [.test("m", "100")])
    try await close(World.period, in: world)
    // 100 h at 0.10 and 10.00, 8.1 % tax.
    #expect(try await world.facts("m")?.invoice?.openMinor == 2162)
    world.advance(days: 31)
    // -400 h and 10.00: 30.00 back, with tax 32.43.
    try await world.add([.test("m", "-400", id: "back", month: "2026-12")])
    try await close(Self.december, in: world)

    let facts = try #require(try await world.facts("m"))
    #expect(facts.invoice?.status == .paid)
    #expect(facts.creditMinor == 3243 - 2162)
    #expect(facts.balanceMinor == -(3243 - 2162))
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.store.progress(Self.december)?.ends == [.nothingDue: 1])
    world.advance(days: 30)
    try await world.run()
    #expect(try await world.facts("m")?.heldForInvoice == nil, "nothing is overdue")
    let totals = try #require(try await world.store.totals(World.period).first)
    #expect(totals.outstandingMinor == 0)
    #expect(totals.creditedMinor == 2162)
    #expect(try await world.store.problems() == [])
  }

  @Test func `Credit that is too small pays the oldest in part`() async throws {
    let world = try await World(
      accounts: [.test("m", card: nil, graceDays: 400)], usage: [.test("m", "100")])
    try await close(World.period, in: world)
    world.advance(days: 31)
    try await close(Self.december, in: world)
    world.advance(days: 31)
    try await world.add([.test("m", "-200", id: "back", month: "2027-01")])
    try await close(Self.december.next, in: world)
    // -20.00 and 10.00: 10.81 back, on November's 21.62; December's 10.81 stays.
    let open = try await world.store.openInvoices(of: "m")
    #expect(open.map(\.id) == ["2026-11/m", "2026-12/m"])
    #expect(open.map(\.openMinor) == [1081, 1081])
    #expect(try await world.facts("m")?.creditMinor == 0)
    #expect(try await world.store.problems() == [])
  }

  /// Twice the same debt is paid from two negative invoices.
  @Test func `Two negative invoices pay one debt after the other`() async throws {
    let world = try await World(
      accounts: [.test("m", card: nil, graceDays: 400)], usage: [.test("m", "100")])
    try await close(World.period, in: world)
    for (number, period) in [Self.december, Self.december.next].enumerated() {
      world.advance(days: 31)
      try await world.add([.test("m", "-200", id: "back-\(number)", month: "\(period)")])
      try await close(period, in: world)
    }
    #expect(try await world.store.openInvoices(of: "m").isEmpty)
    #expect(try await world.facts("m")?.balanceMinor == 0)
    #expect(try await world.ends() == [.paid: 1])
    #expect(try await world.store.problems() == [])
  }

  @Test func `Hold is lifted and the customer is told`() async throws {
    let world = try await World(
      accounts: [.test("m", card: nil, graceDays: 7)], usage: [.test("m", "100")])
    try await close(World.period, in: world)
    world.advance(days: 31)
    try await world.run()
    #expect(try await world.facts("m")?.heldForInvoice == "2026-11/m")
    try await world.add([.test("m", "-400", id: "back", month: "2026-12")])
    try await close(Self.december, in: world)
    #expect(try await world.facts("m")?.heldForInvoice == nil)
    #expect(try await world.rules("m", .holder).contains("lift.paid"))
    #expect(try await world.ends() == [.paid: 1])
    // Two invoices, held, released.
    #expect(world.mails(to: "m").count == 4)
  }

  /// A card that waits for its next attempt is not charged for what credit has paid.
  @Test func `Retries of the older invoice are cancelled`() async throws {
    let world = try await World(
      accounts: [.test("a", card: Account.soft, graceDays: 60)], usage: [.test("a", "100")])
    world.advance(days: 29)
    try await close(World.period, in: world)
    world.advance(days: 2)
    try await world.add([.test("a", "-400", id: "back", month: "2026-12")])
    try await close(Self.december, in: world)
    world.advance(days: 10)
    try await world.run()
    #expect(try await world.facts("a")?.attempts.count == 1)
    #expect(world.gateway.calls == 1)
  }
}
