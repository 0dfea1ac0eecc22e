import Testing

@testable import Broker

extension BrokerSuite {
  /// What the headers `CC` and `BCC` do, as far as consumers defend themselves against it.
  @Suite("Copies by CC and BCC, every implementation")
  struct Copies {
    @Test(arguments: BrokerImplementation.available)
    func `Copies arrive under the first key; CC is seen, BCC is not`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["own", "other"], exchanges: ["x"]) { test in
        try await test.declare(
          [test.queue("own"), test.queue("other")], exchanges: [test.topicExchange],
          bindings: [test.binding("own", "own.key"), test.binding("other", "other.key")])
        for (name, isSeen) in [("CC", true), ("BCC", false)] {
          #expect(await test.publish("own.key", copies: name, to: "other.key") == .confirmed)
          let copy = try await test.next("other")
          #expect(copy.routingKey == "own.key", "\(name): the key that was checked")
          #expect(copy.headers[name] == (isSeen ? .list(["other.key"]) : nil), "\(name)")
          _ = try await test.next("own")
        }
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A copy out of a delay queue has the key of that queue and no CC`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(
        implementation, queues: ["own", "later", "other"], exchanges: ["x"]
      ) { test in
        let later = quorum.merging([
          "x-message-ttl": .integer(200), "x-dead-letter-exchange": .string(""),
          "x-dead-letter-routing-key": .string(test.name("other")),
          "x-dead-letter-strategy": .string("at-least-once"),
          "x-overflow": .string("reject-publish"),
        ]) { $1 }
        try await test.declare(
          [test.queue("own"), test.queue("other"), test.queue("later", later)],
          exchanges: [test.topicExchange],
          bindings: [test.binding("own", "own.key"), test.binding("later", "later.key")])
        for name in ["CC", "BCC"] {
          #expect(await test.publish("own.key", copies: name, to: "later.key") == .confirmed)
          test.letPass(milliseconds: 300)
          let copy = try await test.next("other")
          #expect(copy.routingKey == test.name("other"))
          #expect(copy.headers["CC"] == nil && copy.headers["BCC"] == nil)
        }
      }
    }
  }
}

extension TestBroker {
  fileprivate func publish(_ key: String, copies: String, to other: String) async -> PublishResult {
    await broker.publish([
      OutgoingMessage(
        exchange: name("x"), routingKey: key, messageID: "m", contentType: "text/plain",
        headers: [copies: .list([other])], body: [1])
    ])[0]
  }

  /// The only message of a queue.
  fileprivate func next(_ queue: String) async throws -> Delivery {
    let consumer = try await broker.consume(name(queue), prefetch: 10)
    let batch = await consumer.next(limit: 10, linger: .zero) ?? []
    await consumer.settle(batch.map { Settlement($0.tag, .acknowledge) })
    await consumer.stop()
    #expect(batch.count == 1)
    return try #require(batch.first)
  }
}
