import Billing
import CRabbitMQ
import Foundation
import Logging
import Testing

@testable import Broker
@testable import Services

/// A virtual host of its own on the tests' broker, with our topology and our users.
enum RabbitMQUnderTest {
  private static let environment = ProcessInfo.processInfo.environment
  private static let password = "only-for-tests"
  static var isThere: Bool {
    environment["MONTHCLOSE_TEST_BROKER_URL"] != nil
      && environment["MONTHCLOSE_TEST_RABBITMQCTL"] != nil
  }

  static func withUsers(
    _ body: ((String) throws -> BrokerURL) async throws -> Void
  ) async throws {
    let root = try #require(environment["MONTHCLOSE_TEST_BROKER_URL"])
    let host = "rights-\(UInt64.random(in: 0 ... .max))"
    try load(definitions(host))
    let address = root.split(separator: "@")[1].split(separator: "/")[0]
    func url(_ user: String, _ password: String) throws -> BrokerURL {
      try BrokerURL(parsing: "amqp://\(user):\(password)@\(address)/\(host)")
    }
    let broker = try await RabbitMQBroker.connect(
      url("guest", "guest"), name: "rights",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let found = try await broker.apply(MonthClose.topology(retryDelays: [.seconds(1)]))
    #expect(found == [])
    await broker.close()
    do {
      try await body { try url($0, password) }
    } catch {
      try control(["delete_vhost", host])
      throw error
    }
    try control(["delete_vhost", host])
  }

  /// What `scripts/broker-users` makes of the same table, here with one password for all.
  private static func definitions(_ host: String) throws -> Data {
    let users = MonthClose.users
    let patterns = { (user: String, extra: [String: String]) -> [String: String] in
      ["user": user, "vhost": host].merging(extra) { $1 }
    }
    let guest = ["configure": ".*", "write": ".*", "read": ".*"]
    let document: [String: Any] = [
      "vhosts": [["name": host]],
      "users": users.map {
        ["name": $0.user, "password": password, "tags": $0.tags.joined(separator: ",")]
      },
      "permissions": [patterns("guest", guest)]
        + users.map {
          patterns($0.user, ["configure": $0.configure, "write": $0.write, "read": $0.read])
        },
      "topic_permissions": users.compactMap { rights in
        rights.publishes.map {
          let binds = rights.configure.isEmpty ? "" : ".*"
          return patterns(
            rights.user, ["exchange": MonthClose.exchange, "write": $0, "read": binds])
        }
      },
    ]
    return try JSONSerialization.data(withJSONObject: document)
  }

  private static func load(_ definitions: Data) throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "month-close-rights-\(UUID().uuidString).json")
    try definitions.write(to: file)
    // A file without secrets that stays behind harms nobody.
    defer { try? FileManager.default.removeItem(at: file) }
    try control(["import_definitions", file.path])
  }

  private static func control(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(
      fileURLWithPath: try #require(environment["MONTHCLOSE_TEST_RABBITMQCTL"]))
    process.arguments = ["-q"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "rabbitmqctl \(arguments[0])")
  }
}

/// Something one may want to do to a queue or an exchange.
enum RightsAct: CustomStringConvertible {
  case read(String)
  case purge(String)
  case declare(String)
  case deleteQueue(String)
  case bind(String, key: String)
  case unbind(String, key: String)
  case declareExchange(String)
  case deleteExchange(String)

  /// RabbitMQ asks for the right to read for a purge too.
  var isReading: Bool {
    switch self {
    case .read, .purge: true
    default: false
    }
  }

  var name: String {
    switch self {
    case .read(let name), .purge(let name), .declare(let name), .deleteQueue(let name),
      .bind(let name, _), .unbind(let name, _), .declareExchange(let name),
      .deleteExchange(let name):
      name
    }
  }

  var description: String {
    switch self {
    case .read: "read \(name)"
    case .purge: "purge \(name)"
    case .declare: "declare \(name)"
    case .deleteQueue: "delete \(name)"
    case .bind(_, let key): "bind \(name) to \(key)"
    case .unbind(_, let key): "unbind \(name) from \(key)"
    case .declareExchange: "declare exchange \(name)"
    case .deleteExchange: "delete exchange \(name)"
    }
  }
}

/// The services' own client, doing what no service does.
struct RightsClient {
  private let connection: AMQPConnection

  init(_ url: BrokerURL) throws {
    connection = try AMQPConnection.open(url, name: "rights", options: .init())
  }

  func close() { connection.close() }

  /// The code the broker refused it with; `nil`: it was done.
  func attempt(_ act: RightsAct) throws -> Int? {
    do {
      try carryOut(act)
      return nil
    } catch let closed as ChannelClosed {
      try connection.openChannel()
      return closed.code
    }
  }

  private func carryOut(_ act: RightsAct) throws {
    let (state, channel) = (connection.state, AMQPConnection.channel)
    if case .read(let queue) = act {
      try connection.consume(queue, prefetch: 1, tag: "rights-\(queue)")
      return
    }
    connection.lend { arena in
      let exchange = arena.bytes("monthclose")
      let name = arena.bytes(act.name)
      let none = amqp_table_t()
      switch act {
      case .read: break
      case .purge: _ = amqp_queue_purge(state, channel, name)
      case .declare: _ = amqp_queue_declare(state, channel, name, 0, 1, 0, 0, none)
      case .deleteQueue: _ = amqp_queue_delete(state, channel, name, 0, 0)
      case .bind(_, let key):
        _ = amqp_queue_bind(state, channel, name, exchange, arena.bytes(key), none)
      case .unbind(_, let key):
        _ = amqp_queue_unbind(state, channel, name, exchange, arena.bytes(key), none)
      case .declareExchange:
        _ = amqp_exchange_declare(state, channel, name, arena.bytes("topic"), 0, 1, 0, 0, none)
      case .deleteExchange: _ = amqp_exchange_delete(state, channel, name, 0)
      }
    }
    try connection.checkReply("\(act)")
  }
}
