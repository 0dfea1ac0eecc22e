import Logging

/// Measures a broker's throughput: the ceiling that services are compared with.
public struct BrokerProbe: Sendable {
  /// Publishes and consumes at the same time through a temporary queue: confirmed and acknowledged
  /// messages per second.
  public static func measure(
    _ nodes: [BrokerURL], queueArguments: [String: HeaderValue], messageBytes: Int, messages: Int,
    batch: Int = 64, publishers: Int = 8, logger: Logger
  ) async throws -> (publishedPerSecond: Double, consumedPerSecond: Double) {
    let broker = try await RabbitMQBroker.connect(nodes, name: "probe", logger: logger)
    let queue = "probe.\(UInt64.random(in: 0 ... .max))"
    let outcome = await Result { () async throws -> (Double, Double) in
      let topology = Topology(
        exchanges: [], queues: [.init(name: queue, arguments: queueArguments)], bindings: [])
      for difference in try await broker.apply(topology) {
        throw BrokerError.refused(code: 406, text: difference.description)
      }
      return try await run(
        broker, queue, Array(repeating: 0x2E, count: messageBytes), messages, batch, publishers)
    }
    do {
      try await broker.delete(queues: [queue])
    } catch {
      logger.warning("the probe's queue \(queue) could not be deleted: \(error)")
    }
    await broker.close()
    return try outcome.get()
  }

  private static func run(
    _ broker: RabbitMQBroker, _ queue: String, _ body: [UInt8], _ messages: Int, _ batch: Int,
    _ publishers: Int
  ) async throws -> (Double, Double) {
    let consumer = try await broker.consume(queue, prefetch: 300)
    let start = ContinuousClock.now
    async let consumed = consume(consumer, messages, batch)
    let share = (messages + publishers - 1) / publishers
    try await withThrowingTaskGroup { group in
      for publisher in 0..<publishers {
        let range =
          publisher * share..<max(publisher * share, min(messages, (publisher + 1) * share))
        group.addTask { try await publish(broker, queue, body, range, batch) }
      }
      try await group.waitForAll()
    }
    let published = ContinuousClock.now - start
    let done = await consumed - start
    await consumer.stop()
    return (Double(messages) / (published / .seconds(1)), Double(messages) / (done / .seconds(1)))
  }

  private static func publish(
    _ broker: RabbitMQBroker, _ queue: String, _ body: [UInt8], _ range: Range<Int>, _ batch: Int
  ) async throws {
    for first in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
      let results = await broker.publish(
        (first..<min(range.upperBound, first + batch)).map { number in
          OutgoingMessage(
            exchange: "", routingKey: queue, messageID: "probe-\(number)", type: "probe.v1",
            contentType: "application/octet-stream", body: body)
        })
      for result in results where result != .confirmed {
        throw BrokerError.refused(code: 0, text: "a message of the probe: \(result)")
      }
    }
  }

  private static func consume(
    _ consumer: any Consumer, _ messages: Int, _ batch: Int
  ) async -> ContinuousClock.Instant {
    var count = 0
    while count < messages, let deliveries = await consumer.next(limit: batch, linger: .zero) {
      await consumer.settle(deliveries.map { Settlement($0.tag, .acknowledge) })
      count += deliveries.count
    }
    return .now
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
