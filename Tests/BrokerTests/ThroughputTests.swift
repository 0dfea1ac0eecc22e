import Testing

@testable import Broker

extension BrokerSuite {
  @Suite(
    "Throughput with RabbitMQ",
    .enabled(if: TestEnvironment.brokerURL != nil, TestEnvironment.noBroker))
  struct Throughput {
    /// Prints the figures; asserts only what a slow machine reaches too.
    @Test
    func `10,000 messages are published with confirms and consumed at once`() async throws {
      let rates = try await BrokerProbe.measure(
        [TestEnvironment.url()], queueArguments: quorum, messageBytes: 700, messages: 10_000,
        logger: .test)
      let (published, consumed) = (Int(rates.publishedPerSecond), Int(rates.consumedPerSecond))
      print("quorum queue, 700 bytes: \(published) published, \(consumed) consumed per second")
      #expect(rates.publishedPerSecond > 500)
      #expect(rates.consumedPerSecond > 500)
    }

    @Test
    func `Two lanes that finish out of turn still settle everything`() async throws {
      try await withBroker(.rabbitMQ, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 200)
        let finished = Count()
        async let lanes: Void = withTaskGroup { group in
          for _ in 0..<2 {
            group.addTask {
              while let deliveries = await consumer.next(limit: 64, linger: .milliseconds(2)) {
                await Task.yield()
                await consumer.settle(deliveries.settlements(.acknowledge).shuffled())
                if await finished.add(deliveries.count) == 3_000 { await consumer.stop() }
              }
            }
          }
        }
        for start in stride(from: 0, to: 3_000, by: 500) {
          await test.send("a", (start..<start + 500).map(String.init))
        }
        await lanes
        try await test.depth("a", becomes: QueueDepth(messages: 0, consumers: 0))
      }
    }
  }
}

private actor Count {
  private var count = 0

  func add(_ more: Int) -> Int {
    count += more
    return count
  }
}
