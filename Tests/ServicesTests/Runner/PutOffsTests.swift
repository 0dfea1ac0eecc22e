import Billing
import Broker
import Ledger
import Logging
import Synchronization
import Testing

@testable import Services

@Suite struct PutOffsTests {
  @Test func anotherCopyIsKnownUntilTheFirstMayBeBack() {
    let time = Mutex(Duration.zero)
    let putOffs = PutOffs { time.withLock { $0 } }
    putOffs.add("a", for: .seconds(10), since: putOffs.time)
    #expect(putOffs.isAnotherCopy("a"))
    #expect(!putOffs.isAnotherCopy("b") && !putOffs.isAnotherCopy(nil))
    time.withLock { $0 = .milliseconds(4_999) }
    #expect(putOffs.isAnotherCopy("a"))
    time.withLock { $0 = .seconds(5) }
    #expect(!putOffs.isAnotherCopy("a"), "the copy that was put off may not be dropped")
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

  @Test func itIsDropped() async throws {
    #expect(try await worked { $0.routingKey } == 0)
  }

  @Test func whatAnOperatorSentAgainIsWorked() async throws {
    #expect(try await worked { _ in MonthClose.replayKey(of: .charger) } == 1)
  }
}
