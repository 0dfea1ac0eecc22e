import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct DeadLetterClassifierTests {
  private func letter(
    _ event: Event, _ service: ServiceName, headers: [String: HeaderValue] = [:]
  ) throws -> DeadLetter {
    DeadLetter(
      Delivery(
        tag: .init(connection: 1, number: 1), queue: MonthClose.deadQueue(of: service),
        exchange: "", routingKey: "\(service.rawValue).dead", redelivered: false,
        messageID: event.id, type: event.type.rawValue, contentType: MonthClose.contentType,
        headers: headers, body: try encode(event)), of: service)
  }

  /// The event as its service would send it now, under an id of its own.
  private func event(
    _ type: EventType, _ id: String, _ world: World, change: (inout EventData) -> Void = { _ in }
  ) async throws -> Event {
    let facts = try #require(try await world.facts("a"))
    var data = EventData(snapshot: facts.snapshot(at: world.clock.now()))
    change(&data)
    let event = Event(
      id: id, type: type, source: "/test", time: world.clock.now(), subject: "a",
      period: World.period, data: data)
    try await world.commit(event)
    return event
  }

  /// The event of the invoice, as it was committed.
  private func issued(_ world: World) async throws -> Event {
    let id = "invoice.issued:2026-11/a"
    let body = try #require(try await world.store.committedBodies([id])[id]?.first)
    return try MessageGate.decode(body, contentType: nil)
  }

  private func classification(_ letter: DeadLetter, _ world: World) async throws
    -> DeadLetterClassification
  {
    try await world.classifier.classifications(of: [letter])[0]
  }

  /// Invoiced, and nothing else done yet.
  private func invoiced() async throws -> World {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger, .mailer, .holder])
    return world
  }

  @Test func `An invoice that was never charged is needed`() async throws {
    let world = try await invoiced()
    let found = try await classification(letter(event(.invoiceIssued, "x", world), .charger), world)
    #expect(found.letterClass == .needed)
    #expect(found.rule == "charge.same")
    #expect(found.why == "the open amount is as in the snapshot: charge it")
  }

  /// Nothing is to be charged any more, but the close waits to hear so.
  @Test func `An answer the close waits for is needed`() async throws {
    let world = try await invoiced()
    let event = try await event(.invoiceIssued, "x", world)
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank-1")
    let found = try await classification(letter(event, .charger), world)
    #expect(found.letterClass == .needed)
    #expect(found.rule == "charge.nothing-open")
  }

  @Test func `What its service answered is done`() async throws {
    let world = try await invoiced()
    let event = try await issued(world)
    try await world.run()
    let found = try await classification(letter(event, .charger), world)
    #expect(found == .answered)
  }

  @Test func `Another message about a charge that was made is done`() async throws {
    let world = try await invoiced()
    try await world.run()
    let found = try await classification(letter(event(.invoiceIssued, "x", world), .charger), world)
    #expect(found.letterClass == .done)
    #expect(found.rule == "charge.nothing-open")
  }

  @Test func `A total the ledger does not have contradicts`() async throws {
    let world = try await invoiced()
    let wrong = try await event(.invoiceIssued, "x", world) { $0.snapshot?.invoice?.total = 1 }
    for service in [ServiceName.charger, .mailer] {
      #expect(try await classification(letter(wrong, service), world).letterClass == .contradicts)
    }
  }

  @Test func `A message for another queue contradicts`() async throws {
    let world = try await invoiced()
    let event = try await event(.holdLifted, "x", world)
    for service in [ServiceName.charger, .holder, .invoicer] {
      let found = try await classification(letter(event, service), world)
      #expect(found.letterClass == .contradicts)
      #expect(found.rule == "unexpected-type")
    }
  }

  @Test func `What the gate refuses is undecodable`() async throws {
    let world = try await invoiced()
    var letter = try await letter(event(.invoiceIssued, "x", world), .charger)
    letter.delivery.body = Array("{".utf8)
    let found = try await classification(letter, world)
    #expect(found.letterClass == .undecodable)
    #expect(found.rule == "not-json")
  }

  @Test func `A mail that had its end is done and one that had none is needed`() async throws {
    let world = try await invoiced()
    let event = try await issued(world)
    let mail = try letter(event, .mailer)
    #expect(try await classification(mail, world).letterClass == .needed)
    try await world.run()
    #expect(try await classification(mail, world).letterClass == .done)
  }

  @Test func `The holder needs a debt and no more`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run(without: [.holder])
    let declined = try await event(.chargeDeclined, "x", world) {
      $0.charge = .init(attempt: 1, amount: 1_081)
    }
    #expect(try await classification(letter(declined, .holder), world).rule == "hold.in-grace")
    #expect(try await classification(letter(declined, .holder), world).letterClass == .needed)
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank-1")
    #expect(try await classification(letter(declined, .holder), world).letterClass == .done)
  }

  @Test func `A close that was started needs no trigger`() async throws {
    let world = try await World(accounts: [.test("a")])
    let trigger = Event(
      id: "close-2026-11", type: .closeRequested, source: "/test", time: world.clock.now(),
      data: EventData(period: World.period))
    #expect(try await classification(letter(trigger, .invoicer), world).letterClass == .needed)
    try await world.trigger()
    try await world.run()
    #expect(try await classification(letter(trigger, .invoicer), world).letterClass == .done)
  }

  @Test func `Filters hold together`() async throws {
    let world = try await invoiced()
    let failed = world.clock.now().adding(seconds: -3600)
    let letter = try await letter(
      event(.invoiceIssued, "x", world), .charger,
      headers: [
        Header.reason: .string("gateway-unknown"), Header.lastFailedAt: .string(failed.rfc3339),
      ])
    func matches(_ change: (inout DeadLetterFilter) -> Void) -> Bool {
      var filter = DeadLetterFilter()
      change(&filter)
      return filter.matches(letter, at: world.clock.now())
    }
    #expect(matches { _ in })
    #expect(matches { $0.service = .charger } && !matches { $0.service = .mailer })
    #expect(matches { $0.reason = "gateway-unknown" } && !matches { $0.reason = "behind" })
    #expect(matches { $0.account = "a" } && !matches { $0.account = "b" })
    #expect(matches { $0.type = "invoice.issued" } && matches { $0.type = "invoice.issued.v1" })
    #expect(!matches { $0.type = "due.charge" })
    #expect(matches { $0.olderThanSeconds = 3599 } && !matches { $0.olderThanSeconds = 3600 })
    #expect(matches { $0.youngerThanSeconds = 3601 } && !matches { $0.youngerThanSeconds = 3600 })
    #expect(matches { $0.amountOver = Money(1_080, .chf) })
    #expect(!matches { $0.amountOver = Money(1_081, .chf) })
    #expect(matches { $0.ids = [letter.id] } && !matches { $0.ids = ["0"] })
    #expect(
      !matches { filter in
        filter.account = "a"
        filter.reason = "behind"
      })
  }
}
