import Testing

@testable import Broker

extension BrokerSuite {
  @Suite("Publishing, every implementation")
  struct Publishing {
    @Test(arguments: BrokerImplementation.available)
    func `A message arrives with everything it was given`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"], exchanges: ["x"]) { test in
        try await test.declare(
          [test.queue("a")], exchanges: [test.topicExchange],
          bindings: [test.binding("a", "invoice.#")])
        var message = test.message("a", "m-1")
        message.exchange = test.name("x")
        message.routingKey = "invoice.issued.v1"
        message.contentType = "application/cloudevents+json"
        message.headers = [
          "attempts": .integer(-3), "reason": .string("größer"), "again": .boolean(true),
          "large": .integer(.max),
        ]
        message.body = Array(0...255)
        #expect(await test.broker.publish([message]) == [.confirmed])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 10)
        let delivery = try #require(await test.take(1, from: consumer).first)
        #expect(delivery.exchange == message.exchange)
        #expect(delivery.routingKey == message.routingKey)
        #expect(delivery.messageID == message.messageID)
        #expect(delivery.type == message.type)
        #expect(delivery.contentType == message.contentType)
        #expect(delivery.headers == message.headers)
        #expect(delivery.body == message.body)
        #expect(delivery.queue == test.name("a"))
        #expect(!delivery.redelivered)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Bodies of any size arrive unchanged, also at the edges of a frame`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 10)
        for size in [0, 1, 131_063, 131_064, 131_065, 262_128, 300_000] {
          var message = test.message("a", "size-\(size)")
          message.body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
          #expect(await test.broker.publish([message]) == [.confirmed])
          let delivery = try #require(await test.take(1, from: consumer).first)
          #expect(delivery.body == message.body)
          await consumer.settle([Settlement(delivery.tag, .acknowledge)])
        }
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Every message has its own result, in order`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let long = String(repeating: "i", count: 256)
        let results = await test.broker.publish([
          test.message("a", "1"), test.message("nowhere", "2"), test.message("a", "3"),
          test.message("a", long), test.message("nowhere", "2"), test.message("a", "4"),
        ])
        let nowhere = PublishResult.returned(code: 312, text: "NO_ROUTE")
        let tooLong = PublishResult.returned(
          code: 502, text: "message id has 256 bytes, AMQP allows 255")
        #expect(results == [.confirmed, nowhere, .confirmed, tooLong, nowhere, .confirmed])
        try await test.depth("a", becomes: QueueDepth(messages: 3, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `More messages than the window holds are all confirmed`(
      _ implementation: BrokerImplementation
    ) async throws {
      var options = BrokerOptions()
      options.publishWindow = 50
      try await withBroker(implementation, queues: ["a"], options: options) { test in
        try await test.declare([test.queue("a")])
        let all = await withTaskGroup { group in
          for call in 0..<10 {
            group.addTask {
              await test.broker.publish(
                (0..<120).map {
                  test.message($0 % 3 == 0 ? "nowhere" : "a", "\(call)-\($0)")
                })
            }
          }
          return await group.reduce(into: [[PublishResult]]()) { $0.append($1) }
        }
        let expected = (0..<120).map {
          $0 % 3 == 0 ? PublishResult.returned(code: 312, text: "NO_ROUTE") : .confirmed
        }
        #expect(all.count == 10)
        for results in all { #expect(results == expected) }
        try await test.depth("a", becomes: QueueDepth(messages: 800, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A missing exchange returns its messages and harms nobody for long`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        var message = test.message("a", "1")
        message.exchange = test.name("missing")
        guard case .returned(404, let text)? = await test.broker.publish([message]).first else {
          Issue.record("not returned")
          return
        }
        #expect(text.contains(message.exchange))
        await test.send("a", ["2"])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A full queue refuses`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([
          test.queue("a", ["x-max-length": .integer(2), "x-overflow": .string("reject-publish")])
        ])
        await test.send("a", ["1", "2"])
        #expect(await test.broker.publish([test.message("a", "3")]) == [.refused])
      }
    }

    /// A refusal makes RabbitMQ's publisher go on over a new channel, at most once a second.
    @Test(arguments: BrokerImplementation.available)
    func `After a refusal each message has its own answer`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a", "b"]) { test in
        let full =
          ["x-max-length": .integer(1), "x-overflow": .string("reject-publish")]
          as [String: HeaderValue]
        try await test.declare([test.queue("a", full), test.queue("b")])
        await test.send("a", ["1"])
        for _ in 1...3 {
          #expect(
            await test.broker.publish([
              test.message("b", "2"), test.message("a", "3"), test.message("b", "4"),
            ]) == [.confirmed, .refused, .confirmed])
          try await Task.sleep(for: .milliseconds(1_100))
        }
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `No messages, no results`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: []) { test in
        #expect(await test.broker.publish([]) == [])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `After closing, nobody knows`(_ implementation: BrokerImplementation) async throws {
      let test = try await TestBroker(implementation)
      await test.broker.close()
      let results = await test.broker.publish([test.message("a", "1")])
      #expect(results == [.unknown("the broker connection was closed")])
    }

    @Test(arguments: BrokerImplementation.available)
    func `Health names the links`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 1)
        let health = await test.broker.health
        #expect(health.publishing == .connected)
        #expect(health.consuming == [test.name("a"): .connected])
        await consumer.stop()
      }
    }
  }
}
