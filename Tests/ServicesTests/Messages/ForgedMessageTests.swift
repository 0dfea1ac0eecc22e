import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

/// Messages that nobody committed, from somebody who knows everything: ids of events still to come,
/// figures as they will be, any key of the exchange.
@Suite struct ForgedMessageTests {
  static let types = EventType.allCases.filter { $0 != .closeRequested }

  private func world() async throws -> World {
    try await World(accounts: [.test("a"), .test("b", card: Account.hard)])
  }

  /// An event as its service would send it about the invoice of `a`, but for the amounts.
  private func forged(_ type: EventType, amount: Int64 = 3) throws -> Event {
    var event = try EventSamples.event(type)
    let about =
      switch type {
      case .closeStarted, .closeCompleted: "2026-11"
      case .closeRange: "2026-11:0"
      case .chargeSucceeded, .chargeDeclined, .chargeSkipped, .dueCharge: "2026-11/a:1"
      default: "2026-11/a"
      }
    event.id = Event.id(type, about)
    event.subject = "a"
    event.period = World.period
    event.data.snapshot?.account = "a"
    event.data.snapshot?.position = 0
    event.data.snapshot?.invoice = .init(
      id: "2026-11/a", total: 1_081, open: 1_081, status: .open)
    event.data.charge?.amount = amount
    if event.data.range != nil { event.data.range = .init(number: 0, of: 1) }
    event.data.mail?.about = "invoice.issued:2026-11/a"
    event.data.mail?.kind = .invoice
    return event
  }

  private func expectAnOrdinaryMonth(_ world: World) async throws {
    #expect(try await world.ends() == [.paid: 1, .awaitingPayment: 1])
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.gateway.charges.map(\.amountMinor) == [1_081])
    #expect(world.mails(to: "a").count == 2)
    #expect(world.mails(to: "b").count == 2)
    #expect(try await world.store.problems() == [])
  }

  private func hearers(of type: EventType) -> [ServiceName] {
    MonthClose.bindings.filter { _, keys in
      keys.contains { TopicPattern($0).matches(type.routingKey) }
    }.map(\.service)
  }

  @Test(arguments: types)
  func `Is a dead letter and the real one is not taken for answered`(_ type: EventType) async throws
  {
    let world = try await world()
    await world.publish(try forged(type).outgoing())
    try await world.run()
    for service in hearers(of: type) {
      #expect(world.reasons(service) == ["not-committed"], "\(service)")
      #expect(
        world.dead(service)[0].headers[Header.error]
          == .string("the ledger has no event with this id"))
    }
    #expect(world.post.sent.isEmpty && world.gateway.calls == 0)
    try await world.trigger()
    try await world.run()
    try await expectAnOrdinaryMonth(world)
  }

  /// Also where the real one was answered long ago: the forged copy is not "answered", it is none.
  @Test(arguments: types)
  func `An altered copy is a dead letter before and after the real one`(_ type: EventType)
    async throws
  {
    let world = try await world()
    try await world.trigger()
    try await world.run()
    let id = try forged(type).id
    guard try await !world.store.committedBodies([id]).isEmpty else { return }
    await world.publish(try forged(type).outgoing())
    try await world.run()
    for service in hearers(of: type) {
      #expect(world.reasons(service) == ["not-committed"], "\(service)")
      #expect(
        world.dead(service)[0].headers[Header.error]
          == .string("the ledger has the event with this id, but with other bytes"))
    }
    try await expectAnOrdinaryMonth(world)
  }

  @Test func `An event of a service that does not send its type is none`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run(without: [.charger, .mailer])
    let event = try forged(.holdLifted)
    let change = Change(
      service: .mailer, messageID: "m", events: [try event.outgoing()], at: world.clock.now())
    _ = try await world.store.commit([change], published: [])
    await world.publish(try event.outgoing())
    try await world.run()
    #expect(world.reasons(.mailer) == ["not-committed"])
    #expect(
      world.dead(.mailer)[0].headers[Header.error]
        == .string(
          "the ledger has the event with this id by mailer, but hold.lifted is sent by holder"))
    #expect(world.mails(to: "a").count == 2)
  }

  /// By the operator's right to every queue: a trigger is only the invoicer's to hear.
  @Test(arguments: [ServiceName.charger, .mailer, .holder, .reporter])
  func `A trigger in another queue answers nothing`(_ service: ServiceName) async throws {
    let world = try await world()
    var event = try EventSamples.event(.closeRequested)
    event.id = "invoice.issued:2026-11/a"
    var message = StoredEvent(
      sequence: 0, service: .closectl, event: try event.outgoing()
    ).message
    (message.exchange, message.routingKey) = ("", service.rawValue)
    _ = await world.broker.publish([message])
    try await world.run()
    #expect(world.reasons(service) == ["unexpected-type"])
    try await world.trigger()
    try await world.run()
    try await expectAnOrdinaryMonth(world)
  }

  @Test func `A forged letter is not needed and cannot be refreshed`() async throws {
    let world = try await world()
    try await world.trigger()
    try await world.run()
    await world.publish(try forged(.holdLifted).outgoing())
    try await world.run()
    let chosen = try #require(try await world.choose().first { $0.service == .mailer })
    #expect(chosen.classification.letterClass == .contradicts)
    #expect(chosen.classification.rule == "not-committed")
    let found = try #require(try await world.reader.find(chosen.id))
    let refusal = SnapshotRefresher.Refusal.notCommitted("the ledger has no event with this id")
    await #expect(throws: refusal) {
      _ = try await SnapshotRefresher(store: world.store, clock: world.clock).event(
        found.letter, as: "x")
    }
  }
}

/// Copies sent to keys for which their sender has no right.
@Suite struct CopiedMessageTests {
  /// A month that is invoiced, and a message of it that is committed and nobody has answered.
  private func invoiced() async throws -> (world: World, message: OutgoingMessage) {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    var message = try #require(world.broker.messages(in: "charger").first)
    world.broker.delete(queues: ["charger"])
    _ = try await world.broker.apply(MonthClose.topology(retryDelays: World.retryDelays))
    (message.exchange, message.routingKey) = (MonthClose.exchange, "mailer.dead")
    return (world, message)
  }

  /// As the mailer's user may: the key is its own, the copies are not.
  @Test(arguments: ["invoice.issued", "replay.charger"])
  func `A message with CC is refused`(_ key: String) async throws {
    var (world, message) = try await invoiced()
    message.headers = ["CC": .list([key])]
    _ = await world.broker.publish([message])
    try await world.run()
    #expect(world.reasons(.charger) == ["copied"])
    #expect(world.dead(.charger)[0].headers["CC"] == nil, "and is not sent on once more")
    #expect(world.gateway.calls == 0)
  }

  @Test(arguments: ["invoice.issued", "replay.charger"])
  func `A message with BCC arrives under a key that is not its types`(_ key: String) async throws {
    var (world, message) = try await invoiced()
    message.headers = ["BCC": .list([key])]
    _ = await world.broker.publish([message])
    try await world.run()
    #expect(world.reasons(.charger) == ["other-key"])
    #expect(
      world.dead(.charger)[0].headers[Header.error]
        == .string(
          "routing key: expected invoice.issued or replay.charger, found \"mailer.dead\""))
    #expect(world.gateway.calls == 0)
  }

  /// What was committed may come by any way that leads into the queue's own delay.
  @Test func `A copy that comes out of a delay queue stands or falls with the ledger`() async throws
  {
    var (world, message) = try await invoiced()
    message.headers = ["BCC": .list(["charger.retry.1s"])]
    var forged = message
    forged.body[forged.body.count - 2] = UInt8(ascii: " ")
    _ = await world.broker.publish([message, forged])
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(world.dead(.charger).count == 1)
  }

  private func trigger(_ world: World, _ id: String = "close-by-whom") throws -> OutgoingMessage {
    let event = Event(
      id: id, type: .closeRequested, source: "/mailer", time: world.clock.now(),
      data: EventData(period: World.period))
    return StoredEvent(sequence: 0, service: .closectl, event: try event.outgoing()).message
  }

  /// A trigger counts under its own key, for which there is a right.
  @Test(arguments: ["CC", "BCC"], ["close.requested", "replay.invoicer", "invoicer.retry.1s"])
  func `A trigger by a copy starts no close`(_ header: String, _ key: String) async throws {
    let world = try await World(accounts: [.test("a")])
    var message = try trigger(world)
    message.routingKey = "mailer.retry.1s"
    message.headers = [header: .list([key])]
    _ = await world.broker.anotherConnection(as: "monthclose-mailer").publish([message])
    world.advance(seconds: 2)
    try await world.run()
    let isSeen = key != "invoicer.retry.1s" && header == "CC"
    #expect(world.reasons(.invoicer) == [isSeen ? "copied" : "other-key"])
    #expect(try await world.store.runs() == [])
  }

  @Test func `A trigger as a replay needs the ledger's record of it`() async throws {
    let world = try await World(accounts: [.test("a")])
    var message = try trigger(world)
    message.routingKey = "replay.invoicer"
    _ = await world.broker.publish([message])
    try await world.run()
    #expect(world.reasons(.invoicer) == ["not-committed"])
    #expect(try await world.store.runs() == [])
    // What an operator replays is recorded first; nothing like it is replayed unasked.
    let letters = try await world.choose()
    #expect(letters.map(\.classification.letterClass) == [.contradicts])
    _ = try await world.mover().carryOut(try await world.freeze("r-1", letters))
    try await world.run()
    #expect(try await world.store.runs().map(\.state) == [.closed])
    #expect(world.reasons(.invoicer) == [])
  }

  /// A trigger that waits for a catalog comes back by itself.
  @Test(arguments: ["in-memory", "monthclose-mailer"])
  func `A trigger out of a delay queue has to be our own`(_ user: String) async throws {
    let world = try await World(accounts: [.test("a")])
    var message = try trigger(world)
    message.routingKey = "invoicer.retry.1s"
    message.user = user
    let isOurs = user == "in-memory"
    _ = await world.broker.anotherConnection(as: user).publish([message])
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.reasons(.invoicer) == (isOurs ? [] : ["other-key"]))
    #expect(try await world.store.runs().count == (isOurs ? 1 : 0))
  }

  @Test func `Headers that cannot be carried on are a dead letter with the right words`()
    async throws
  {
    for (name, value) in [("junk", 40_000), (String(repeating: "n", count: 200), 1)] {
      let world = try await World(accounts: [.test("a")])
      world.delivered.withLock {
        $0 = { delivery in
          var delivery = delivery
          if delivery.queue == "charger" {
            delivery.headers[name] = .string(String(repeating: "x", count: value))
            delivery.headers[Header.reason] = .string(String(repeating: "y", count: 2_000))
          }
          return delivery
        }
      }
      try await world.trigger()
      try await world.run()
      #expect(world.reasons(.charger) == ["headers-too-large"])
      #expect(world.dead(.charger)[0].headers[name] == nil)
      guard case .string(let error)? = world.dead(.charger)[0].headers[Header.error] else {
        Issue.record("no sentence")
        continue
      }
      #expect(error.hasPrefix("headers: expected "))
    }
  }
}
