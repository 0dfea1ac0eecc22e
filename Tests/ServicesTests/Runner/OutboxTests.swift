import Billing
import Broker
import Logging
import Testing

@testable import Ledger
@testable import Services

/// Events that the broker did not take and that are published again.
@Suite struct OutboxTests {
  private let world: World
  private let broker: ChoosyBroker
  private let session: LedgerSession
  private let outbox: Outbox
  /// More than a page of them.
  private let ids = (1...(Outbox.page + 20)).map { "event-\($0)" }

  init() async throws {
    let world = try await World(accounts: [.test("a")])
    self.world = world
    broker = ChoosyBroker(before: world.broker)
    session = LedgerSession(service: .invoicer, store: world.store, clock: world.clock)
    outbox = Outbox(
      session: session, broker: broker,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let events = try ids.map { id in
      try Event(
        id: id, type: .closeRequested, source: "/test", time: world.clock.now(),
        data: EventData(period: World.period)
      ).outgoing()
    }
    let change = Change(
      service: .invoicer, messageID: "their cause", events: events, at: world.clock.now())
    _ = try await world.store.commit([change], published: [])
    world.advance(seconds: 60)
  }

  private func left() async throws -> [String] {
    try await world.store.unpublished(by: .invoicer, before: world.clock.now(), limit: 2_000)
      .map(\.event.id)
  }

  @Test func `Each left over event is published once`() async throws {
    #expect(try await outbox.relay(of: [.invoicer], olderThanSeconds: 10))
    #expect(broker.given == ids)
    #expect(try await left() == [])
  }

  @Test func `A page that is refused keeps no other back`() async throws {
    broker.refuse(Set(ids.prefix(Outbox.page)))
    #expect(try await !outbox.relay(of: [.invoicer], olderThanSeconds: 10))
    #expect(try await left() == Array(ids.prefix(Outbox.page)))
  }

  /// What others have confirmed in between says nothing of a page that was refused.
  @Test func `Confirms of other lanes are no reason to publish a refused page again`() async throws
  {
    broker.refuse(Set(ids))
    broker.during { [session] in session.confirm([1_000_000]) }
    #expect(try await !outbox.relay(of: [.invoicer], olderThanSeconds: 10))
    #expect(broker.given == ids)
  }
}

/// What is logged of events that the broker does not take, from `info` on.
@Suite struct PublishLogTests {
  private let lines = LoggedLines()

  private func tell(_ log: PublishLog, _ results: (String, PublishResult)...) -> [String] {
    log.tell(results.map { (key: $0.0, result: $0.1) }, isLost: false, next: .seconds(5))
    return lines.taken()
  }

  @Test func `Only a confirmed event shows that events are taken again`() {
    let log = PublishLog(lines.logger)
    #expect(tell(log, ("a", .refused)).count == 1)
    #expect(tell(log, ("a", .unknown("lost"))).count == 1)
    #expect(tell(log, ("a", .returned(code: 312, text: "no route"))).count == 1)
    #expect(tell(log).isEmpty)
    #expect(tell(log, ("b", .confirmed)).map { $0.contains("confirmed again") } == [true])
    #expect(tell(log, ("a", .confirmed)).map { $0.contains("accepts events again") } == [true])
  }

  @Test func `A key that is taken again waits for no other`() {
    let log = PublishLog(lines.logger)
    #expect(tell(log, ("a", .refused)).count == 1)
    #expect(tell(log, ("a", .confirmed), ("b", .unknown("lost"))).count == 2)
  }
}
