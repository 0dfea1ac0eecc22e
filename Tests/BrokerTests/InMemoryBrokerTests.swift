import Testing

@testable import Broker

/// What only the in-memory broker can do: time that is moved, and faults on demand.
@Suite("The in-memory broker")
struct InMemoryBrokerTests {
  private func broker(_ queues: [String: [String: HeaderValue]]) async throws -> InMemoryBroker {
    let broker = InMemoryBroker()
    let topology = Topology(
      exchanges: [], queues: queues.map { .init(name: $0.key, arguments: $0.value) }, bindings: [])
    try await #expect(broker.apply(topology) == [])
    return broker
  }

  private func message(_ queue: String, _ id: String) -> OutgoingMessage {
    OutgoingMessage(
      exchange: "", routingKey: queue, messageID: id, contentType: "text/plain", body: [])
  }

  private func delay(_ milliseconds: Int64, to queue: String) -> [String: HeaderValue] {
    [
      "x-message-ttl": .integer(milliseconds), "x-dead-letter-exchange": .string(""),
      "x-dead-letter-routing-key": .string(queue),
      "x-dead-letter-strategy": .string("at-least-once"),
    ]
  }

  @Test
  func `A delay ends exactly when its time is up`() async throws {
    let broker = try await broker(["a": [:], "d": delay(1_000, to: "a")])
    _ = await broker.publish([message("d", "1")])
    broker.advance(milliseconds: 400)
    _ = await broker.publish([message("d", "2")])
    broker.advance(milliseconds: 599)
    #expect(broker.messages(in: "a") == [])
    broker.advance(milliseconds: 1)
    #expect(broker.messages(in: "a").map(\.messageID) == ["1"])
    broker.advance(milliseconds: 100_000)
    #expect(broker.messages(in: "a").map(\.messageID) == ["1", "2"])
  }

  @Test
  func `A chain of delays is walked in one advance`() async throws {
    let broker = try await broker(["a": [:], "d": delay(10, to: "a"), "e": delay(10, to: "d")])
    _ = await broker.publish([message("e", "1")])
    broker.advance(milliseconds: 19)
    #expect(broker.messages(in: "a") == [])
    broker.advance(milliseconds: 1)
    #expect(broker.messages(in: "a").map(\.messageID) == ["1"])
  }

  @Test
  func `A dead letter without a target is kept until there is one`() async throws {
    let broker = try await broker(["d": delay(10, to: "a")])
    _ = await broker.publish([message("d", "1")])
    broker.advance(milliseconds: 10)
    let topology = Topology(
      exchanges: [], queues: [.init(name: "a", arguments: [:])], bindings: [])
    _ = try await broker.apply(topology)
    #expect(broker.messages(in: "a").map(\.messageID) == ["1"])
  }

  @Test
  func `Past its delivery limit a message is a dead letter`() async throws {
    let broker = try await broker([
      "a": [
        "x-delivery-limit": .integer(1), "x-dead-letter-exchange": .string(""),
        "x-dead-letter-routing-key": .string("dead"),
      ], "dead": [:],
    ])
    _ = await broker.publish([message("a", "1")])
    let consumer = try await broker.consume("a", prefetch: 1)
    for _ in 0..<2 {
      let deliveries = try #require(await consumer.next(limit: 1, linger: .zero))
      await consumer.settle(deliveries.settlements(.requeue))
    }
    let letter = try #require(broker.messages(in: "dead").first)
    #expect(letter.headers["x-first-death-reason"] == .string("delivery_limit"))
    try await #expect(broker.depth(of: "a") == QueueDepth(messages: 0, consumers: 1))
  }

  @Test
  func `A lost confirm: nobody knows, but the message is there`() async throws {
    let broker = try await broker(["a": [:]])
    broker.loseConfirms()
    let results = await broker.publish([message("a", "1"), message("a", "2")])
    #expect(results == [.unknown("the connection was lost: its confirm was dropped"), .confirmed])
    #expect(broker.messages(in: "a").count == 2)
  }

  @Test
  func `A lost connection delivers again, under new tags`() async throws {
    let broker = try await broker(["a": [:]])
    _ = await broker.publish([message("a", "1"), message("a", "2")])
    let consumer = try await broker.consume("a", prefetch: 2)
    let before = try #require(await consumer.next(limit: 2, linger: .zero))
    broker.loseConnections()
    await consumer.settle(before.settlements(.acknowledge))
    let after = try #require(await consumer.next(limit: 2, linger: .zero))
    #expect(after.ids == ["1", "2"])
    #expect(after.map(\.redelivered) == [true, true])
    #expect(after.map(\.tag.connection) == [2, 2])
  }

  @Test
  func `A duplicated delivery comes twice, at the same time`() async throws {
    let broker = try await broker(["a": [:]])
    broker.duplicateNextDelivery(of: "a")
    _ = await broker.publish([message("a", "1"), message("a", "2")])
    let one = try await broker.consume("a", prefetch: 1)
    let two = try await broker.consume("a", prefetch: 2)
    #expect(await one.next(limit: 5, linger: .zero)?.ids == ["1"])
    #expect(await two.next(limit: 5, linger: .zero)?.ids == ["1", "2"])
  }

  @Test
  func `Blocked, refusing and away`() async throws {
    let broker = try await broker(["a": [:]])
    broker.setBlocked("low on memory")
    #expect(
      await broker.publish([message("a", "1")]) == [
        .unknown("the broker is blocked: low on memory")
      ])
    #expect(await broker.health.publishing == .blocked("low on memory"))
    broker.setBlocked(nil)
    broker.refusePublishes()
    #expect(
      await broker.publish([message("a", "1"), message("a", "2")]) == [.refused, .confirmed])
    let consumer = try await broker.consume("a", prefetch: 1)
    broker.setReachable(false)
    guard case .unknown? = await broker.publish([message("a", "3")]).first else {
      Issue.record("published to a broker that is away")
      return
    }
    await #expect(throws: BrokerError.self) { try await broker.depth(of: "a") }
    broker.setReachable(true)
    #expect(await consumer.next(limit: 5, linger: .zero)?.ids == ["2"])
  }

  @Test
  func `Closing one client leaves the others and hands back its deliveries`() async throws {
    let broker = try await broker(["a": [:]])
    let other = broker.anotherConnection()
    _ = await broker.publish([message("a", "1")])
    let consumer = try await other.consume("a", prefetch: 1)
    _ = await consumer.next(limit: 1, linger: .zero)
    await other.close()
    #expect(await consumer.next(limit: 1, linger: .zero) == nil)
    let mine = try await broker.consume("a", prefetch: 1)
    #expect(await mine.next(limit: 1, linger: .zero)?.map(\.redelivered) == [true])
  }

  @Test(arguments: [
    ("a.b", "a.b", true), ("a.b", "a", false), ("*.b", "a.b", true), ("*", "a.b", false),
    ("#", "", true), ("#", "a.b.c", true), ("a.#", "a", true), ("a.#.d", "a.b.c.d", true),
    ("a.#.d", "a.d", true), ("#.#", "a", true), ("a.*.#", "a", false), ("*.*", "a.", true),
  ])
  func `Words of a binding key`(_ key: String, _ routingKey: String, _ matches: Bool) {
    #expect(TopicPattern(key).matches(routingKey) == matches)
  }
}
