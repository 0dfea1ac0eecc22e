import Billing
import Foundation
import Ledger
import Testing

@testable import Services

/// Accounts that were parked because the close had no catalog in their currency.
@Suite struct TakingInTests {
  private static let period = World.period

  private static func euro(_ version: Int = 1, unit: String = "0.20") -> String {
    World.catalog.replacing("\"version\":1", with: "\"version\":\(version)")
      .replacing("CHF", with: "EUR").replacing("0.10", with: unit)
  }

  private func add(_ json: String, to world: World) async throws {
    let catalog = try JSONDecoder().decode(Catalog.self, from: Data(json.utf8))
    _ = try await world.store.importCatalog(catalog, at: world.clock.now())
  }

  /// An account in francs, and two in euro without a catalog.
  private func world() async throws -> World {
    try await World(
      accounts: [
        .test("a"), .test("b"), .test("c"), .test("e-1", currency: "EUR"),
        .test("e-2", currency: "EUR"),
      ], usage: [.test("a", "100"), .test("e-1", "100")])
  }

  private func checkEnd(_ world: World, _ ends: [AccountEnd: Int]) async throws {
    #expect(try await world.ends() == ends)
    let run = try #require(try await world.store.run(Self.period))
    #expect(run.state == .closed)
    let progress = try #require(try await world.store.progress(Self.period))
    #expect(progress.finished == run.expected)
    #expect(progress.milestones.values.allSatisfy { $0 == run.expected })
    #expect(try await world.store.isFinished(Self.period))
    #expect(try await world.store.problems() == [])
    for service in MonthClose.services {
      #expect(try await world.broker.depth(of: "\(service.rawValue).dead")?.messages == 0)
    }
  }

  @Test(arguments: [true, false])
  func `A further start of a running close takes them in`(isParkingHeard: Bool) async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run(without: isParkingHeard ? [.mailer] : [.mailer, .reporter])
    #expect(try await world.ends()[.parked] == 2)
    #expect(try await world.store.run(Self.period)?.state == .running)
    let lacking = try await world.store.lackingCatalog(Self.period)
    #expect(lacking.map(\.accounts) == [2])
    #expect(lacking.map(\.first) == [["e-1", "e-2"]])
    #expect(lacking.map(\.version) == [nil])

    try await add(Self.euro(), to: world)
    #expect(try await world.store.lackingCatalog(Self.period).map(\.version) == [1])
    try await world.trigger(id: "again")
    try await world.run(without: [.mailer])
    #expect(try await world.ends() == [.paid: 5])
    #expect(try await world.store.run(Self.period)?.state == .running, "mails are not sent yet")
    try await world.trigger(id: "once-more")
    try await world.run()
    try await checkEnd(world, [.paid: 5])
    // 100 h at 0.20 and 10.00 support, 8.1 % on 30.00; the other one pays support alone.
    #expect(world.gateway.charges.map(\.amountMinor).sorted() == [1081, 1081, 1081, 2162, 3243])
    #expect(world.mails(to: "e-1").count == 2)
    #expect(
      try await world.rules("e-1", .invoicer) == ["invoice.no-catalog", "invoice.issue"])
  }

  /// It came after the start as well, so its place lies behind gaps that the ranges have.
  @Test func `Who came late and without a catalog is taken in twice`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    try await world.load([.test("late", currency: "EUR")], [])
    try await world.trigger(id: "late", late: true)
    try await world.run(without: [.charger])
    #expect(try await world.ends()[.parked] == 1)
    try await add(Self.euro(), to: world)
    try await world.trigger(id: "again")
    try await world.run()
    try await checkEnd(world, [.paid: 2])
  }

  /// Its catalogs do not change any more, whatever is imported.
  @Test func `A catalog that is pinned stays`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await add(Self.euro(), to: world)
    try await world.trigger(id: "again")
    try await world.step(.invoicer)
    try await add(Self.euro(2, unit: "9.99"), to: world)
    try await world.trigger(id: "once-more")
    try await world.run()
    try await checkEnd(world, [.paid: 5])
    #expect(try await world.store.catalogs(for: Self.period)["EUR"]?.version == 1)
    #expect(world.gateway.charges.map(\.amountMinor).max() == 3243)
  }

  /// Messages of the first try, in any order and as often as they like.
  @Test func `Old messages delivered again change nothing`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await add(Self.euro(), to: world)
    try await world.trigger(id: "again")
    let again: [(id: String, type: EventType)] = [
      ("close.range:2026-11:0", .closeRange), ("close.range:2026-11:1", .closeRange),
      ("invoice.parked:2026-11/e-1", .invoiceParked),
    ]
    for round in 0..<3 {
      for (id, type) in again {
        let body = try #require(try await world.store.committedBodies([id])[id]?.first)
        await world.publish(
          OutgoingEvent(
            id: id, type: type.rawValue, routingKey: type.routingKey, account: nil,
            period: Self.period, body: body))
      }
      try await world.run(without: round < 2 ? [.mailer] : [])
    }
    try await checkEnd(world, [.paid: 5])
    #expect(world.gateway.charges.count == 5)
  }

  /// The range was worked with the catalogs of before, and committed after the catalog was added
  /// and everybody looked.
  @Test func `A range that parks them too late takes them in itself`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.step(.invoicer, batch: 1)
    let old = try await world.store.catalogs(for: Self.period)
    try await add(Self.euro(), to: world)
    let request = RunRequest(
      period: Self.period, messageID: "again", rangeSize: 3, at: world.clock.now())
    _ = try await world.store.openRun(
      request,
      decide: {
        try StartSituation(
          Self.period, at: world.clock.now(), StartPermission(), monthsBack: 3, $0
        ).decide()
      }, announce: { _ in [] })
    let range = Event(
      id: "close.range:2026-11:1", type: .closeRange, source: "/invoicer",
      time: world.clock.now(), period: Self.period,
      data: EventData(period: Self.period, range: .init(number: 1, of: 2)))
    let session = LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
    let plan = InvoicePlan(session: session, job: .test(range), period: Self.period, catalogs: old)
    let facts = try await world.store.invoicingFacts(
      ["e-1", "e-2"], period: Self.period, eventMetrics: [])
    _ = try await session.commit(try facts.map(plan.change))
    #expect(try await world.ends() == [.parked: 2])
    try await world.run()
    world.advance(seconds: 60)
    for service in MonthClose.services { try await world.relay(service) }
    try await world.run()
    try await checkEnd(world, [.paid: 5])
  }

  @Test func `What cannot be rated is parked again and counted once`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run(without: [.mailer])
    // Of 10^13 euro an hour an invoice would have too many digits.
    try await add(Self.euro(unit: "10000000000000"), to: world)
    try await world.trigger(id: "again")
    try await world.run()
    try await checkEnd(world, [.paid: 4, .parked: 1])
    #expect(
      try await world.rules("e-1", .invoicer) == ["invoice.no-catalog", "invoice.unratable"])
    #expect(try await world.store.lackingCatalog(Self.period).isEmpty)
  }

  /// A close that is closed takes nobody in: the next one bills the usage alone, and every later
  /// one at the same prices.
  @Test func `The usage of a closed month goes on the next invoice`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run()
    try await checkEnd(world, [.paid: 3, .parked: 2])
    try await add(Self.euro(), to: world)
    try await world.trigger(id: "again")
    try await world.run()
    try await checkEnd(world, [.paid: 3, .parked: 2])

    let december = Self.period.next
    let preview = try await world.store.invoicingFacts(
      ["e-1"], period: december, eventMetrics: [])[0]
    #expect(preview.late.map(\.catalog?.version) == [1], "as the close itself will find")
    world.advance(days: 31)
    try await world.trigger(december)
    try await world.run()
    let first = try #require(try await world.store.invoices(["2026-12/e-1"])["2026-12/e-1"])
    let corrections = first.draft.lines.filter { $0.correctsPeriod == Self.period }
    #expect(corrections.map(\.amountMinor) == [2000])

    // A product with another name and price for the same usage does not bill it again.
    try await add(
      Self.euro(2, unit: "0.50").replacing("\"server\"", with: "\"server-new\""), to: world)
    try await world.add([.test("e-1", "10", id: "late")])
    world.advance(days: 31)
    try await world.trigger(december.next)
    try await world.run()
    let second = try #require(try await world.store.invoices(["2027-01/e-1"])["2027-01/e-1"])
    let late = second.draft.lines.filter { $0.correctsPeriod == Self.period }
    #expect(late.map(\.amountMinor) == [200])
    #expect(late.map(\.product) == ["server"])
  }
}
