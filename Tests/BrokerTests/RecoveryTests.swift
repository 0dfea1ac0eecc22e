import Foundation
import Testing

@testable import Broker

extension BrokerSuite {
  /// Through a proxy that breaks things, so that no other client of the broker is disturbed.
  @Suite(
    "Recovery with RabbitMQ",
    .enabled(if: TestEnvironment.brokerURL != nil, TestEnvironment.noBroker))
  struct Recovery {
    /// A broker client whose network can be broken, beside one that is undisturbed.
    func withProxy(
      _ change: (inout BrokerOptions) -> Void = { _ in },
      _ body: (TestBroker, RabbitMQBroker, PausableProxy) async throws -> Void
    ) async throws {
      var options = BrokerOptions()
      options.reconnectFloor = .milliseconds(50)
      options.reconnectCeiling = .milliseconds(200)
      change(&options)
      let proxy = try PausableProxy(to: TestEnvironment.url())
      defer { proxy.close() }
      try await withBroker(.rabbitMQ, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let broker = try await RabbitMQBroker.connect(
          proxy.url, name: "test behind proxy", options: options, logger: .test)
        do {
          try await body(test, broker, proxy)
        } catch {
          await broker.close()
          throw error
        }
        await broker.close()
      }
    }

    @Test
    func `After a cut, unsettled deliveries come again and old tags are ignored`() async throws {
      try await withProxy { test, broker, proxy in
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        await test.send("a", ["1", "2"])
        let before = try await test.take(2, from: consumer)
        proxy.cut()
        let after = try await test.take(2, from: consumer)
        #expect(Set(after.ids) == ["1", "2"])
        #expect(after.map(\.redelivered) == [true, true])
        #expect(after[0].tag.connection == before[0].tag.connection + 1)
        await consumer.settle(before.settlements(.acknowledge))
        await consumer.settle([Settlement(after[0].tag, .acknowledge)])
        await consumer.stop()
        #expect(await broker.publish([test.message("a", "3")]) == [.confirmed])
        await broker.close()
        try await test.depth("a", becomes: QueueDepth(messages: 2, consumers: 0))
      }
    }

    @Test
    func `While the broker is away a publish waits, and goes out when it is back`() async throws {
      try await withProxy { test, broker, proxy in
        proxy.cut(refusing: true)
        try await eventually {
          if case .lost = await broker.health.publishing { true } else { false }
        }
        async let results = broker.publish([test.message("a", "1")])
        try await Task.sleep(for: .milliseconds(100))
        proxy.acceptAgain()
        #expect(await results == [.confirmed])
        #expect(await broker.health.publishing == .connected)
      }
    }

    @Test
    func `Without a broker a publish ends at its deadline, unknown`() async throws {
      try await withProxy {
        $0.publishTimeout = .milliseconds(300)
        $0.closeTimeout = .milliseconds(100)
      } _: { test, broker, proxy in
        proxy.pause()
        let start = ContinuousClock.now
        let results = await broker.publish([test.message("a", "1"), test.message("a", "2")])
        #expect(ContinuousClock.now - start < .milliseconds(600))
        let expected = PublishResult.unknown(
          "the broker did not confirm it, after 0.3 seconds")
        #expect(results == [expected, expected])
      }
    }

    @Test
    func `A silent partition is noticed by missed heartbeats and recovered from`() async throws {
      try await withProxy {
        $0.heartbeatSeconds = 1
      } _: { test, broker, proxy in
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        proxy.pause()
        try await eventually {
          let health = await broker.health
          guard case .lost = health.publishing, case .lost? = health.consuming[test.name("a")]
          else { return false }
          return true
        }
        proxy.resume()
        #expect(await broker.publish([test.message("a", "1")]) == [.confirmed])
        try await #expect(test.take(1, from: consumer).ids == ["1"])
      }
    }

    @Test
    func `A channel that stops confirming is given up and opened anew`() async throws {
      try await withProxy {
        $0.heartbeatSeconds = 1
        $0.publishTimeout = .milliseconds(100)
      } _: { test, broker, proxy in
        proxy.pause()
        _ = await broker.publish([test.message("a", "1")])
        try await eventually {
          await broker.health.publishing == .lost("no confirm for 0.3 seconds")
        }
        proxy.resume()
        try await eventually { await broker.publish([test.message("a", "2")]) == [.confirmed] }
      }
    }

    @Test
    func `A write that nobody reads is broken off, and the thread continues`() async throws {
      try await withProxy {
        $0.writeTimeout = .milliseconds(200)
        $0.publishTimeout = .milliseconds(1_000)
      } _: { test, broker, proxy in
        proxy.pause()
        var message = test.message("a", "big")
        message.body = Array(repeating: 0, count: 16 << 20)
        let start = ContinuousClock.now
        let results = await broker.publish([message])
        #expect(ContinuousClock.now - start < .milliseconds(800))
        guard case .unknown(let why)? = results.first else {
          Issue.record("found \(results)")
          return
        }
        #expect(why.contains("the connection was lost"))
        proxy.resume()
        #expect(await broker.publish([test.message("a", "1")]) == [.confirmed])
      }
    }

    @Test
    func `A blocked broker is named in health and results until it is unblocked`() async throws {
      try await withProxy {
        $0.publishTimeout = .milliseconds(200)
      } _: { test, broker, proxy in
        // connection.blocked "low on memory", then connection.unblocked, as the broker sends them.
        let reason = Array("low on memory".utf8)
        proxy.sayToClients(
          [1, 0, 0, 0, 0, 0, UInt8(5 + reason.count), 0, 10, 0, 60, UInt8(reason.count)] + reason
            + [0xCE])
        try await eventually { await broker.health.publishing == .blocked("low on memory") }
        #expect(
          await broker.publish([test.message("a", "1")]) == [
            .unknown("the broker is blocked: low on memory, after 0.2 seconds")
          ])
        proxy.sayToClients([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 61, 0xCE])
        try await eventually { await broker.health.publishing == .connected }
        #expect(await broker.publish([test.message("a", "2")]) == [.confirmed])
        try await test.depth("a", becomes: QueueDepth(messages: 1, consumers: 0))
      }
    }

    @Test
    func `A consumer whose queue is deleted and declared again goes on`() async throws {
      try await withProxy { test, broker, proxy in
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        try await test.delete(["a"])
        try await eventually {
          if case .lost? = await broker.health.consuming[test.name("a")] { true } else { false }
        }
        #expect(
          await broker.publish([test.message("a", "1")]) == [
            .returned(code: 312, text: "NO_ROUTE")
          ])
        try await test.declare([test.queue("a")])
        await test.send("a", ["2"])
        try await #expect(test.take(1, from: consumer).ids == ["2"])
      }
    }

    @Test
    func `Closing ends in time even when the broker is silent`() async throws {
      try await withProxy {
        $0.closeTimeout = .milliseconds(300)
      } _: { test, broker, proxy in
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        _ = try await broker.depth(of: test.name("a"))
        proxy.pause()
        let start = ContinuousClock.now
        await consumer.stop()
        await broker.close()
        #expect(ContinuousClock.now - start < .milliseconds(1_200))
        #expect(await consumer.next(limit: 1, linger: .zero) == nil)
      }
    }

    @Test
    func `A question to a silent broker ends at its deadline`() async throws {
      try await withProxy {
        $0.callTimeout = .milliseconds(300)
      } _: { test, broker, proxy in
        try await #expect(broker.depth(of: test.name("a")) != nil)
        proxy.pause()
        await #expect(throws: BrokerError.self) { try await broker.depth(of: test.name("a")) }
        proxy.resume()
        try await eventually { try await broker.depth(of: test.name("a")) != nil }
      }
    }

    @Test
    func `A handler may take longer than two heartbeats: nothing comes twice`() async throws {
      var options = BrokerOptions()
      options.heartbeatSeconds = 2
      try await withBroker(.rabbitMQ, queues: ["a"], options: options) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 10)
        await test.send("a", ["1"])
        let slow = try await test.take(1, from: consumer)
        try await Task.sleep(for: .seconds(5))
        await consumer.settle(slow.settlements(.acknowledge))
        await test.send("a", ["2"])
        let next = try await test.take(1, from: consumer)
        #expect(next.ids == ["2"])
        #expect(next[0].tag == .init(connection: slow[0].tag.connection, number: 2))
      }
    }

    @Test
    func `A body above the limit is dead-lettered whole, its neighbours arrive`() async throws {
      var options = BrokerOptions()
      options.maximumBodyBytes = 1_000
      try await withBroker(.rabbitMQ, queues: ["a", "dead"], options: options) { test in
        try await test.declare([
          test.queue(
            "a",
            [
              "x-queue-type": .string("quorum"), "x-dead-letter-exchange": .string(""),
              "x-dead-letter-routing-key": .string(test.name("dead")),
            ]), test.queue("dead"),
        ])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 10)
        let large = test.message("a", "large", String(repeating: "l", count: 1_001))
        #expect(
          await test.broker.publish([large, test.message("a", "2")]) == [.confirmed, .confirmed])
        let taken = try await test.take(1, from: consumer)
        #expect(taken.ids == ["2"])
        await consumer.settle(taken.settlements(.acknowledge))
        try await test.depth("dead", becomes: QueueDepth(messages: 1, consumers: 0))
        try await test.depth("a", becomes: QueueDepth(messages: 0, consumers: 1))
      }
    }

    @Test(.enabled(if: TestEnvironment.rabbitmqctl != nil, TestEnvironment.noControl))
    func `Closed from the broker's side, both connections come back`() async throws {
      let user = "test\(UInt32.random(in: 0 ... .max))"
      try await rabbitmqctl(["add_user", user, "secret"])
      try await rabbitmqctl(["set_permissions", user, ".*", ".*", ".*"])
      try await withBroker(.rabbitMQ, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        var url = try TestEnvironment.url()
        (url.user, url.password) = (user, "secret")
        let broker = try await RabbitMQBroker.connect(url, name: "closed test", logger: .test)
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        await test.send("a", ["1"])
        _ = try await test.take(1, from: consumer)
        try await rabbitmqctl(["close_all_user_connections", user, "test"])
        try await #expect(test.take(1, from: consumer).ids == ["1"])
        #expect(await broker.publish([test.message("a", "2")]) == [.confirmed])
        try await #expect(test.take(1, from: consumer).ids == ["2"])
        await broker.close()
      }
      try await rabbitmqctl(["delete_user", user])
    }

    private func rabbitmqctl(_ arguments: [String]) async throws {
      let command = try #require(TestEnvironment.rabbitmqctl).split(separator: " ").map(String.init)
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = command + ["-q"] + arguments
      try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in done.resume() }
        do { try process.run() } catch { done.resume(throwing: error) }
      }
      #expect(process.terminationStatus == 0)
    }
  }
}
