import Billing
import Ledger
import Testing

@testable import Services

/// Triggers for months that nobody can have meant: the invoicer refuses them, whoever sends them.
/// The clock stands at 2026-12-01T00:00:00Z.
@Suite struct PeriodGuardTests {
  private func world() async throws -> World {
    try await World(accounts: [.test("a"), .test("b", card: nil)], usage: [.test("a", "100")])
  }

  private func publish(
    _ month: String, early: Bool? = nil, past: Bool? = nil, id: String? = nil, in world: World
  ) async throws {
    let event = Event(
      id: id ?? "close-\(month)", type: .closeRequested, source: "/cron",
      time: world.clock.now(),
      data: EventData(period: try Period(month), early: early, past: past))
    await world.publish(try event.outgoing())
    try await world.run()
  }

  private func letters(_ world: World) -> [String] {
    world.dead(.invoicer).map { DeadLetter.reason($0.headers) }
  }

  @Test(arguments: [
    ("2026-12", "period-not-over", "close.not-over"),
    ("2031-05", "period-not-over", "close.not-begun"),
    ("2099-01", "period-not-over", "close.not-begun"),
    ("2026-08", "period-too-old", "close.too-old"),
    ("2025-11", "period-too-old", "close.too-old"),
    ("1999-01", "period-too-old", "close.too-old"),
    // A month back, of before the first usage and the first catalog.
    ("2026-10", "period-too-old", "close.before-first"),
  ])
  func `Month nobody meant is a dead letter and is recorded`(
    month: String, reason: String, rule: String
  ) async throws {
    let world = try await world()
    try await publish(month, in: world)
    let period = try Period(month)
    #expect(try await world.store.run(period) == nil)
    #expect(world.gateway.charges.isEmpty)
    #expect(letters(world) == [reason])
    let recorded = try await world.store.triggers(of: period)
    #expect(recorded.map(\.rule) == [rule])
    #expect(recorded.map(\.outcome) == [.refused])
    #expect(recorded.map(\.messageID) == ["close-\(month)"])
    #expect(recorded.map(\.source) == ["/cron"])
    #expect(recorded.map(\.lastAt) == [world.clock.now()])
    // Cron does not give up.
    world.advance(seconds: 3600)
    try await publish(month, in: world)
    #expect(try await world.store.triggers(of: period).map(\.times) == [2])
    #expect(try await world.store.problems() == [])
  }

  /// A close of nobody would be closed at once, and accounts that come later would not be in it.
  @Test func `Close of nobody is a dead letter until there are accounts`() async throws {
    let world = try await World(accounts: [])
    var gone = Account.test("gone")
    gone.end = CivilDate("2026-11-01")
    try await world.load([gone], [])
    try await publish("2026-11", in: world)
    #expect(letters(world) == ["no-accounts"])
    #expect(try await world.store.runs().isEmpty)
    let recorded = try await world.store.triggers(of: World.period)
    #expect(recorded.map(\.rule) == ["close.no-accounts"])
    #expect(recorded.map(\.explanation) == ["there are no accounts to close in 2026-11"])
    try await world.load([.test("a")], [])
    try await publish("2026-11", in: world)
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `Month that is meant is closed early and that is recorded`() async throws {
    let world = try await world()
    try await publish("2026-12", early: true, in: world)
    let december = World.period.next
    #expect(try await world.store.run(december)?.state == .closed)
    let recorded = try await world.store.triggers(of: december)
    #expect(recorded.map(\.rule) == ["close.start-early"])
    #expect(recorded.map(\.outcome) == [.started])
    #expect(letters(world).isEmpty)
  }

  @Test func `Month of long ago is closed where it is meant`() async throws {
    let world = try await world()
    try await publish("2025-11", past: true, in: world)
    let recorded = try await world.store.triggers(of: try Period("2025-11"))
    #expect(recorded.map(\.rule) == ["close.start-past"])
    #expect(world.gateway.charges.count == 1, "the flat fee, as it was asked for")
  }

  /// `early` is no word for 2099, and `past` none for tomorrow.
  @Test func `Permission for one thing is none for the other`() async throws {
    let world = try await world()
    try await publish("2099-01", early: true, past: true, in: world)
    try await publish("2026-12", past: true, in: world)
    try await publish("2025-11", early: true, in: world)
    #expect(letters(world).count == 3)
    #expect(try await world.store.runs().isEmpty)
  }

  @Test func `Trigger that was refused closes the month once it is over`() async throws {
    let world = try await world()
    try await publish("2026-12", in: world)
    world.advance(days: 31)
    try await publish("2026-12", in: world)
    #expect(try await world.store.run(World.period.next)?.state == .closed)
    #expect(try await world.store.triggers(of: World.period.next).map(\.outcome) == [.refused])
  }

  /// A close that is there is never refused: the second trigger brings back what was lost.
  @Test func `Second trigger of a close that is there converges`() async throws {
    let world = try await world()
    try await publish("2026-12", early: true, in: world)
    try await publish("2026-12", id: "again", in: world)
    #expect(letters(world).isEmpty)
    #expect(try await world.store.runs().count == 1)
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `Plain trigger leaves no record beside its close`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run()
    #expect(try await world.store.triggers(of: World.period).isEmpty)
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  /// The account in New York is still in November.
  @Test func `Month has to be over for every account`() async throws {
    let world = try await world()
    var account = Account.test("ny")
    account.timeZone = "America/New_York"
    _ = try await world.store.importAccounts([(account, 2)], at: world.clock.now())
    try await publish("2026-11", in: world)
    #expect(letters(world) == ["period-not-over"])
    world.advance(seconds: 5 * 3600)
    try await publish("2026-11", in: world)
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  /// November is closed before October: October costs what it costs, once.
  @Test func `Months closed in the other order cost the same`() async throws {
    let world = try await world()
    try await world.add([.test("a", "30", id: "october", month: "2026-10")])
    try await publish("2026-11", in: world)
    try await publish("2026-10", in: world)
    // 10.00 and 10.00, 3.00 and 10.00; 8.1 % tax.
    #expect(world.gateway.charges.map(\.amountMinor) == [2162, 1405])
    world.advance(days: 31)
    try await publish("2026-12", in: world)
    let december = try await world.store.invoices(["2026-12/a"])["2026-12/a"]
    #expect(december?.draft.lines.map(\.correctsPeriod) == [nil])
    #expect(try await world.store.problems() == [])
  }
}
