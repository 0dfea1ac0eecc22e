import Testing

@testable import Broker

extension BrokerSuite {
  @Suite("Consuming, every implementation")
  struct Consuming {
    @Test(arguments: BrokerImplementation.available)
    func `The prefetch bounds what is in work`(_ implementation: BrokerImplementation) async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", ["1", "2", "3", "4", "5"])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 3)
        let first = try await test.take(3, from: consumer)
        #expect(first.ids == ["1", "2", "3"])
        try await test.depth("a", becomes: QueueDepth(messages: 2, consumers: 1))
        await consumer.settle([Settlement(first[0].tag, .acknowledge)])
        try await #expect(test.take(1, from: consumer).ids == ["4"])
        try await test.depth("a", becomes: QueueDepth(messages: 1, consumers: 1))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A batch has at most the limit`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", (0..<20).map(String.init))
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 100)
        var ids: [String] = []
        while ids.count < 20 {
          let batch = try #require(await consumer.next(limit: 7, linger: .milliseconds(20)))
          #expect((1...7).contains(batch.count))
          ids += batch.ids
        }
        #expect(ids == (0..<20).map(String.init))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `What is acknowledged never comes again`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", ["1", "2", "3", "4", "5", "6"])
        let other = try await test.another()
        let consumer = try await other.consume(test.name("a"), prefetch: 10)
        let got = try await test.take(6, from: consumer)
        // Out of order, twice, and one that was never delivered.
        await consumer.settle([got[3], got[1]].settlements(.acknowledge))
        await consumer.settle([got[1], got[0]].settlements(.acknowledge))
        await consumer.settle([Settlement(.init(connection: 1, number: 99), .acknowledge)])
        await consumer.settle([Settlement(.init(connection: 9, number: 3), .acknowledge)])
        await other.close()
        let again = try await test.broker.consume(test.name("a"), prefetch: 10)
        let rest = try await test.take(3, from: again)
        #expect(rest.ids == ["3", "5", "6"])
        #expect(rest.map(\.redelivered) == [true, true, true])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `What is handed back comes again, counted`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", ["1", "2", "3"])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 2)
        let first = try await test.take(2, from: consumer)
        await consumer.settle([
          Settlement(first[0].tag, .requeue), Settlement(first[1].tag, .acknowledge),
        ])
        // In any order: a quorum queue requeues with a command of its own.
        let next = try await test.take(2, from: consumer).sorted {
          ($0.messageID ?? "") < ($1.messageID ?? "")
        }
        #expect(next.ids == ["1", "3"])
        #expect(next.map(\.redelivered) == [true, false])
        #expect(next[0].headers["x-delivery-count"] == .integer(1))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Two consumers share a queue`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let one = try await test.broker.consume(test.name("a"), prefetch: 5)
        let two = try await test.broker.consume(test.name("a"), prefetch: 5)
        await test.send("a", (0..<10).map(String.init))
        let first = try await test.take(5, from: one)
        let second = try await test.take(5, from: two)
        #expect(Set(first.ids + second.ids).count == 10)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Stopping returns what nobody took; what was taken can be settled`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", (0..<6).map(String.init))
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 4)
        let taken = try await test.take(2, from: consumer)
        await consumer.stop()
        #expect(await consumer.next(limit: 10, linger: .zero) == nil)
        // Counted as a consumer as long as it has something in work.
        try await test.depth("a", becomes: QueueDepth(messages: 4, consumers: 1))
        await consumer.settle(taken.settlements(.acknowledge))
        await consumer.stop()
        try await test.depth("a", becomes: QueueDepth(messages: 4, consumers: 0))
        let other = try await test.broker.consume(test.name("a"), prefetch: 10)
        let back = try await test.take(4, from: other)
        #expect(Set(back.ids) == ["2", "3", "4", "5"])
        try await test.depth("a", becomes: QueueDepth(messages: 0, consumers: 1))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Stopping ends a waiting task`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 4)
        async let one = consumer.next(limit: 1, linger: .zero)
        async let two = consumer.next(limit: 1, linger: .seconds(5))
        await consumer.stop()
        #expect(await one == nil)
        #expect(await two == nil)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Cancelling ends a waiting task and loses nothing`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 4)
        let waiting = Task { await consumer.next(limit: 1, linger: .zero) }
        waiting.cancel()
        #expect(await waiting.value == nil)
        await test.send("a", ["1"])
        try await #expect(test.take(1, from: consumer).ids == ["1"])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A missing queue is named`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: []) { test in
        await #expect(throws: BrokerError.noQueue(test.name("none"))) {
          _ = try await test.broker.consume(test.name("none"), prefetch: 1)
        }
        try await #expect(test.broker.depth(of: test.name("none")) == nil)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `After its time a message moves to the dead letters`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a", "delay"]) { test in
        try await test.declare([
          test.queue("a"),
          test.queue(
            "delay",
            [
              "x-queue-type": .string("quorum"), "x-message-ttl": .integer(100),
              "x-dead-letter-exchange": .string(""),
              "x-dead-letter-routing-key": .string(test.name("a")),
              "x-dead-letter-strategy": .string("at-least-once"),
              "x-overflow": .string("reject-publish"),
            ]),
        ])
        await test.send("delay", ["1"])
        test.letPass(milliseconds: 100)
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 1)
        let delivery = try #require(await test.take(1, from: consumer).first)
        #expect(delivery.messageID == "1")
        #expect(delivery.headers["x-first-death-reason"] == .string("expired"))
        #expect(delivery.headers["x-first-death-queue"] == .string(test.name("delay")))
        #expect(!delivery.redelivered)
      }
    }
  }
}
