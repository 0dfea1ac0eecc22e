import Billing
import Broker
import Ledger
import Testing

@testable import Services

/// A whole close over the in-memory broker: every kind of account comes to its end.
@Suite struct CloseTests {
  @Test func `Every account comes to its end`() async throws {
    let world = try await World(
      accounts: [
        .test("a-good"), .test("b-soft", card: Account.soft), .test("c-hard", card: Account.hard),
        .test("d-manual", card: nil), .test("e-credit"),
        .test("f-euro", currency: "EUR"),
      ],
      usage: [.test("a-good", "100"), .test("e-credit", "1")])
    let granted = try await world.operations.grantCredit(
      account: "e-credit", amount: Money(5_000, .chf), reference: "welcome")
    #expect(granted == .done("50.00 CHF by welcome, all of it unused credit"))
    try await world.trigger()
    try await world.run()

    let ends = try await world.ends()
    #expect(
      ends == [.paid: 2, .retryScheduled: 1, .awaitingPayment: 2, .parked: 1])
    #expect(try await world.store.run(World.period)?.state == .closed)
    // 100 h at 0.10 and 10.00 support, 8.1 % tax on 20.00.
    #expect(world.gateway.charges.map(\.amountMinor) == [2162])
    let totals = try await world.store.totals(World.period)
    #expect(totals.map(\.ledgerSumMinor).allSatisfy { $0 == 0 })
    #expect(try await world.store.problems() == [])
    #expect(try await world.rules("f-euro", .invoicer) == ["invoice.no-catalog"])
    #expect(try await world.rules("e-credit", .charger) == ["charge.nothing-open"])
    #expect(world.mails(to: "a-good").count == 2)
    #expect(world.mails(to: "d-manual").count == 1)
  }

  @Test func `A message delivered twice has one effect`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run()
    let story = try await world.store.story(of: "a", period: nil)
    let id = "invoice.issued:2026-11/a"
    let body = try #require(try await world.store.committedBodies([id])[id]?.first)
    await world.publish(
      OutgoingEvent(
        id: id, type: EventType.invoiceIssued.rawValue,
        routingKey: EventType.invoiceIssued.routingKey, account: "a", period: World.period,
        body: body))
    try await world.run()
    let after = try await world.store.story(of: "a", period: nil)
    #expect(after?.transactions == story?.transactions)
    #expect(world.gateway.charges.count == 1)
    #expect(world.post.sent.count == 2)
  }

  @Test func `Late usage comes on the next invoice as a correction`() async throws {
    let world = try await World(accounts: [.test("a")], usage: [.test("a", "100")])
    try await world.trigger()
    try await world.run()
    try await world.add([.test("a", "50", id: "u-late")])
    world.advance(days: 31)
    try await world.trigger(World.period.next)
    try await world.run()
    let invoice = try #require(try await world.store.invoices(["2026-12/a"])["2026-12/a"])
    let correction = try #require(
      invoice.draft.lines.first { $0.correctsPeriod == World.period })
    #expect(correction.amountMinor == 500)
    #expect(try await world.store.invoices(["2026-11/a"])["2026-11/a"]?.facts.totalMinor == 2162)
    #expect(try await world.store.problems() == [])
  }
}

extension Currency {
  // A constant of the table of currencies.
  // swift-format-ignore: NeverUseForceTry
  static let chf = try! Currency("CHF")
}

extension Job {
  static func test(_ event: Event) -> Job {
    Job(
      event: event,
      delivery: Delivery(
        tag: .init(connection: 1, number: 1), queue: "invoicer", exchange: "monthclose",
        routingKey: "close.range", redelivered: true, messageID: event.id,
        type: event.type.rawValue,
        contentType: nil, headers: [:], body: []))
  }
}
