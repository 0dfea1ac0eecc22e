import Foundation
import Logging
import Testing

@testable import Broker

/// The implementations that the conformance suite holds to the same behaviour.
enum BrokerImplementation: String, CaseIterable, CustomTestStringConvertible {
  case inMemory = "in memory"
  case rabbitMQ = "RabbitMQ"

  var testDescription: String { rawValue }

  /// All that can be tried here.
  static var available: [BrokerImplementation] {
    TestEnvironment.brokerURL == nil ? [.inMemory] : allCases
  }
}

enum TestEnvironment {
  static let brokerURL = ProcessInfo.processInfo.environment["MONTHCLOSE_TEST_BROKER_URL"]
  static let rabbitmqctl = ProcessInfo.processInfo.environment["MONTHCLOSE_TEST_RABBITMQCTL"]
  static let noBroker: Comment =
    "MONTHCLOSE_TEST_BROKER_URL is not set: nothing is tried against a real RabbitMQ"
  static let noControl: Comment =
    "MONTHCLOSE_TEST_RABBITMQCTL is not set: no connection is closed from the broker's side"

  static func url() throws -> BrokerURL {
    try BrokerURL(parsing: #require(brokerURL))
  }
}

/// A broker with names of its own, so that tests do not meet; what it declared is deleted at the
/// end.
final class TestBroker: Sendable {
  let broker: any Broker
  let implementation: BrokerImplementation
  private let mark = String(UInt64.random(in: 0 ... .max), radix: 36)

  init(_ implementation: BrokerImplementation, options: BrokerOptions = .init()) async throws {
    self.implementation = implementation
    broker =
      switch implementation {
      case .inMemory: InMemoryBroker()
      case .rabbitMQ:
        try await RabbitMQBroker.connect(
          TestEnvironment.url(), name: "test", options: options, logger: .test)
      }
  }

  /// `a` becomes a name that no other test uses.
  func name(_ short: String) -> String { "test.\(mark).\(short)" }

  func queue(_ short: String, _ arguments: [String: HeaderValue] = quorum) -> Topology.Queue {
    Topology.Queue(name: name(short), arguments: arguments)
  }

  func binding(_ queue: String, _ key: String) -> Topology.Binding {
    Topology.Binding(exchange: name("x"), queue: name(queue), routingKey: key)
  }

  var topicExchange: Topology.Exchange { .init(name: name("x"), kind: "topic") }

  func declare(
    _ queues: [Topology.Queue], exchanges: [Topology.Exchange] = [],
    bindings: [Topology.Binding] = []
  ) async throws {
    let differences = try await broker.apply(
      Topology(exchanges: exchanges, queues: queues, bindings: bindings))
    #expect(differences == [])
  }

  func message(_ queue: String, _ id: String, _ body: String = "{}") -> OutgoingMessage {
    OutgoingMessage(
      exchange: "", routingKey: name(queue), messageID: id, type: "test.v1",
      contentType: "application/json", body: Array(body.utf8))
  }

  /// Publishes, and everything must arrive.
  func send(_ queue: String, _ ids: [String]) async {
    let results = await broker.publish(ids.map { message(queue, $0) })
    #expect(results == ids.map { _ in .confirmed })
  }

  /// Exactly `count` deliveries, in as many batches as it takes.
  func take(_ count: Int, from consumer: any Consumer) async throws -> [Delivery] {
    var all: [Delivery] = []
    while all.count < count {
      all += try #require(await consumer.next(limit: count - all.count, linger: .zero))
    }
    return all
  }

  /// Another client of the same broker.
  func another() async throws -> any Broker {
    if let broker = broker as? InMemoryBroker { return broker.anotherConnection() }
    return try await RabbitMQBroker.connect(
      TestEnvironment.url(), name: "another test", logger: .test)
  }

  /// Lets a time to live end: in memory at once; RabbitMQ has a clock of its own.
  func letPass(milliseconds: Int64) {
    (broker as? InMemoryBroker)?.advance(milliseconds: milliseconds)
  }

  /// RabbitMQ counts with a delay; a moment later the figure has to be right.
  func depth(_ short: String, becomes expected: QueueDepth) async throws {
    var found: QueueDepth?
    for _ in 0..<100 {
      found = try await broker.depth(of: name(short))
      if found == expected || implementation == .inMemory { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(found == expected)
  }

  func delete(_ queues: [String], exchanges: [String] = []) async throws {
    if let broker = broker as? InMemoryBroker {
      broker.delete(queues: queues.map(name), exchanges: exchanges.map(name))
    } else if let broker = broker as? RabbitMQBroker {
      try await broker.delete(queues: queues.map(name), exchanges: exchanges.map(name))
    }
  }
}

let quorum: [String: HeaderValue] = ["x-queue-type": .string("quorum")]

/// Runs a test with a broker, then removes the queues it used.
func withBroker(
  _ implementation: BrokerImplementation, queues: [String], exchanges: [String] = [],
  options: BrokerOptions = .init(), _ test: (TestBroker) async throws -> Void
) async throws {
  let broker = try await TestBroker(implementation, options: options)
  do {
    try await test(broker)
  } catch {
    try await broker.delete(queues, exchanges: exchanges)
    await broker.broker.close()
    throw error
  }
  try await broker.delete(queues, exchanges: exchanges)
  await broker.broker.close()
}

extension Logger {
  /// Expected losses would fill the screen.
  static var test: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }
}

extension [Delivery] {
  var ids: [String] { map { $0.messageID ?? "none" } }
  func settlements(_ outcome: Settlement.Outcome) -> [Settlement] {
    map { Settlement($0.tag, outcome) }
  }
}

/// Everything that talks to a broker, one test after the other: some disturb it on purpose.
@Suite("Brokers", .serialized, .timeLimit(.minutes(1)))
enum BrokerSuite {}
