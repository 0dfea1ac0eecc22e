import Billing
import Broker
import Ledger
import Logging
import Synchronization
import Testing

@testable import Services

/// The path of a message, with a service that does what a test says.
@Suite struct RunnerTests {
  private let world: World
  private let broker: ChoosyBroker
  private let steps = Recording<CrashPoint>()
  private let settlements = Recording<[Settlement]>()
  private let batch: [Delivery]

  init() async throws {
    world = try await World(accounts: (1...3).map { .test("a-\($0)") })
    try await world.trigger()
    try await world.run(without: [.charger])
    broker = ChoosyBroker(before: world.broker)
    let consumer = try await world.broker.consume(ServiceName.charger.rawValue, prefetch: 8)
    batch = try #require(await consumer.next(limit: 8, linger: .zero))
    try #require(batch.count == 3)
  }

  private func work(
    _ deliveries: [Delivery]? = nil,
    pausing: @escaping @Sendable (Duration) -> Bool = { _ in false },
    by answer: @escaping @Sendable ([Job]) async throws -> [Outcome]
  ) async {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let session = LedgerSession(
      service: .charger, store: world.store, clock: world.clock,
      crashPoint: { [steps] in steps.add($0) })
    let runner = Runner(
      handler: StubHandler(answer), session: session,
      outbox: Outbox(session: session, broker: broker, logger: logger),
      retryPolicy: RetryPolicy(service: .charger, delays: World.retryDelays),
      counters: RunCounters(), logger: logger, pause: { pausing($0) })
    await runner.work(deliveries ?? batch) { [settlements] in settlements.add($0) }
  }

  private var outcomes: [Delivery.Tag: Settlement.Outcome] {
    Dictionary(settlements.all.joined().map { ($0.tag, $0.outcome) }) { first, _ in first }
  }

  private func waiting(in queue: String) async throws -> Int {
    try await world.broker.depth(of: queue)?.messages ?? 0
  }

  @Test func `The acknowledgement comes last, after what was committed is published`() async throws
  {
    let event = StoredEvent(
      sequence: 1, service: .charger, event: try Event.test("result").outgoing())
    await work { jobs in jobs.map { _ in .done([event]) } }
    #expect(
      steps.all == [.taken, .beforePublish, .confirmed, .beforeAck, .acknowledged])
    #expect(broker.given == ["result", "result", "result"])
    #expect(outcomes == Dictionary(batch.map { ($0.tag, .acknowledge) }) { first, _ in first })
  }

  @Test func `A batch that throws is processed one by one, and only the bad one is tried later`()
    async throws
  {
    let sizes = Recording<Int>()
    let bad = try #require(batch[1].messageID)
    await work { jobs in
      sizes.add(jobs.count)
      if jobs.contains(where: { $0.event.id == bad }) { throw MoneyError.overflow }
      return jobs.map { _ in .done([]) }
    }
    #expect(sizes.all == [3, 1, 1, 1])
    #expect(outcomes.values.allSatisfy { $0 == .acknowledge }, "the bad one's copy waits elsewhere")
    #expect(broker.given == [bad])
    #expect(try await waiting(in: "charger.retry.1s") == 1)
  }

  @Test func `While the store is down the messages are held, and none uses up a retry`()
    async throws
  {
    let pauses = Recording<Duration>()
    let tries = Recording<Int>()
    await work(
      pausing: {
        pauses.add($0)
        return true
      },
      by: { jobs in
        tries.add(jobs.count)
        if tries.all.count < 4 { throw StoreError.unreachable("gone") }
        return jobs.map { _ in .done([]) }
      })
    #expect(tries.all == [3, 3, 3, 3])
    #expect(pauses.all == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    #expect(outcomes.values.allSatisfy { $0 == .acknowledge } && broker.given.isEmpty)
  }

  @Test func `A service that is asked to stop returns the messages it holds`() async {
    await work { jobs in jobs.map { _ in .hold(Fault(.gatewayUnlisted, "not compared")) } }
    #expect(outcomes.count == 3 && outcomes.values.allSatisfy { $0 == .requeue })
    #expect(broker.given.isEmpty)
  }

  @Test func `No message waits for a neighbour that is held`() async {
    let first = batch[0].tag
    await work { jobs in
      jobs.map { $0.delivery.tag == first ? .done([]) : .hold(Fault(.gatewayUnlisted, "later")) }
    }
    #expect(settlements.all.map(\.count) == [1, 2])
    #expect(settlements.all.first == [Settlement(first, .acknowledge)])
  }

  @Test func `A message that cannot be read is a dead letter, and the service never sees it`()
    async throws
  {
    var spoiled = batch
    spoiled[0].body = Array("{".utf8)
    let seen = Recording<String>()
    await work(spoiled) { jobs in
      for job in jobs { seen.add(job.event.id) }
      return jobs.map { _ in .done([]) }
    }
    #expect(seen.all.count == 2)
    #expect(world.reasons(.charger) == [FaultReason.notJSON.rawValue])
    #expect(outcomes[spoiled[0].tag] == .acknowledge)
  }

  @Test func `A message whose copy the broker does not take stays in its queue`() async throws {
    broker.refuse([try #require(batch[0].messageID)])
    let pauses = Recording<Duration>()
    await work(
      pausing: {
        pauses.add($0)
        return true
      },
      by: { jobs in jobs.map { _ in .dead(Fault(.contradiction, "never")) } })
    #expect(outcomes[batch[0].tag] == .requeue)
    #expect(outcomes[batch[1].tag] == .acknowledge && outcomes[batch[2].tag] == .acknowledge)
    #expect(world.reasons(.charger).count == 2)
    #expect(pauses.all == [.seconds(1)], "and does not come back at once")
  }

  @Test func `A message that the service has answered is not decided again`() async throws {
    let id = try #require(batch[0].messageID)
    let decision = DecisionRecord(rule: "test", finding: .same, explanation: "")
    let answer = Change(
      service: .charger, messageID: id, decision: decision,
      events: [try Event.test("left over").outgoing()], at: world.clock.now())
    _ = try await world.store.commit([answer], published: [])
    let seen = Recording<String>()
    await work { jobs in
      for job in jobs { seen.add(job.event.id) }
      return jobs.map { _ in .done([]) }
    }
    #expect(seen.all.count == 2 && !seen.all.contains(id))
    #expect(broker.given == ["left over"], "what it made and nobody confirmed goes out again")
    #expect(outcomes[batch[0].tag] == .acknowledge)
  }

  @Test func `Two copies of a message in one batch are decided once`() async throws {
    var copy = batch[0]
    copy.tag = .init(connection: 1, number: 99)
    let seen = Recording<String>()
    await work(batch + [copy]) { jobs in
      for job in jobs { seen.add(job.event.id) }
      return jobs.map { _ in .done([]) }
    }
    #expect(seen.all.count == 3)
    #expect(outcomes[copy.tag] == .acknowledge)
  }

  @Test func `A message that nobody committed is a dead letter`() async throws {
    let forged = Delivery.test(
      "forged", number: 98, body: try encode(EventSamples.event(.invoiceIssued)))
    let seen = Recording<String>()
    await work([forged]) { jobs in
      for job in jobs { seen.add(job.event.id) }
      return jobs.map { _ in .done([]) }
    }
    #expect(seen.all.isEmpty)
    #expect(world.reasons(.charger) == [FaultReason.notCommitted.rawValue])
  }
}

/// One copy of a message was put off by this process, and another one comes.
@Suite struct AnotherCopyTests {
  private func worked(arrivingUnder key: (Delivery) -> String) async throws -> Int {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    try await world.run(without: [.charger])
    let consumer = try await world.broker.consume(ServiceName.charger.rawValue, prefetch: 8)
    var batch = try #require(await consumer.next(limit: 8, linger: .zero))
    let putOffs = PutOffs { .zero }
    for index in batch.indices {
      putOffs.add(try #require(batch[index].messageID), for: .seconds(3600), since: .zero)
      batch[index].routingKey = key(batch[index])
    }
    let count = Mutex(0)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let session = LedgerSession(service: .charger, store: world.store, clock: world.clock)
    let handler = StubHandler { jobs in
      count.withLock { $0 += jobs.count }
      return jobs.map { _ in .done([]) }
    }
    let runner = Runner(
      handler: handler, session: session,
      outbox: Outbox(session: session, broker: world.broker, logger: logger),
      retryPolicy: RetryPolicy(service: .charger, delays: World.retryDelays),
      counters: RunCounters(),
      logger: logger, pause: { _ in false }, putOffs: putOffs)
    await runner.work(batch) { _ in }
    return count.withLock { $0 }
  }

  @Test func `It is dropped`() async throws {
    #expect(try await worked { $0.routingKey } == 0)
  }

  @Test func `What an operator sent again is worked`() async throws {
    #expect(try await worked { _ in MonthClose.replayKey(of: .charger) } == 1)
  }
}
