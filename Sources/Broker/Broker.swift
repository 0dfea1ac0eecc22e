/// AMQP 0-9-1 as the services use it; RabbitMQ and its in-memory twin behind one interface, both
/// held to one conformance suite. Knows nothing of billing.
///
/// No method blocks Swift's shared threads, and each returns on its own: within its deadline it
/// either has an answer or reports that there is none.
public protocol Broker: Sendable {
  /// Opens a consumer. It survives lost connections: it reconnects with back-off and continues.
  /// Unsettled deliveries are delivered again, and settling the old ones has no effect.
  func consume(_ queue: String, prefetch: Int) async throws -> any Consumer
  /// Publishes persistent messages, pipelined, and waits for the confirms. One result for
  /// each message, in order. Never throws for what happens to a message.
  func publish(_ messages: [OutgoingMessage]) async -> [PublishResult]
  /// What differs between the topology and the broker; empty when they agree.
  func differences(
    from topology: Topology, _ inspection: TopologyInspection
  ) async throws -> [TopologyDifference]
  /// Declares what is missing and removes retired bindings. What exists with other arguments is
  /// reported, not changed.
  func apply(_ topology: Topology) async throws -> [TopologyDifference]
  /// Messages ready and consumers of a queue; `nil` when there is no such queue.
  func depth(of queue: String) async throws -> QueueDepth?
  /// Hands over, page by page and in order, the messages ready in a queue without removing any: in
  /// the end all of them are back in place. Until then consumers do not get them, and each
  /// message's delivery count goes up by one (`x-delivery-limit`). Returns how many there were. A
  /// body larger than a consumer would accept comes empty. Throws what `visit` throws.
  func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int
  /// Like `browse`, but permanently removes the messages that `visit` names of its page, once it
  /// returns. If it throws, that page stays in the queue. When this returns, the named messages are
  /// gone.
  func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int
  /// Our user name, with which a message can state its publisher; `nil` if only the broker knows
  /// it, from our certificate.
  var user: String? { get }
  /// What is known of the connections without asking the broker.
  var health: BrokerHealth { get async }
  func close() async
}

/// A bounded stream of deliveries from one queue.
public protocol Consumer: Sendable {
  /// The next batch: waits for a first message, then takes what is already there, up to `limit`,
  /// waiting `linger` at most for more. `nil` once the consumer is stopped and drained.
  func next(limit: Int, linger: Duration) async -> [Delivery]?
  /// Acknowledges or returns deliveries. A delivery of a connection that is gone is ignored.
  func settle(_ settlements: [Settlement]) async
  /// Stops taking from the broker and returns unsettled, not yet taken deliveries to the queue.
  func stop() async
}

public enum HeaderValue: Sendable, Equatable {
  case string(String)
  case integer(Int64)
  case boolean(Bool)
  /// A list of texts, as in `CC`.
  case list([String])
}

public struct OutgoingMessage: Sendable, Equatable {
  /// Empty: the default exchange, straight into the queue `routingKey` names.
  public var exchange: String
  public var routingKey: String
  public var messageID: String
  public var type: String?
  public var contentType: String
  public var headers: [String: HeaderValue]
  /// States the publisher. The broker accepts no name other than our own (`Broker.user`).
  public var user: String?
  public var body: [UInt8]
  /// It comes back if no queue takes it. Otherwise the broker confirms it all the same.
  public var isMandatory: Bool

  public init(
    exchange: String, routingKey: String, messageID: String, type: String? = nil,
    contentType: String, headers: [String: HeaderValue] = [:], user: String? = nil, body: [UInt8],
    isMandatory: Bool = true
  ) {
    self.exchange = exchange
    self.routingKey = routingKey
    self.messageID = messageID
    self.type = type
    self.contentType = contentType
    self.headers = headers
    self.user = user
    self.body = body
    self.isMandatory = isMandatory
  }
}

extension OutgoingMessage {
  /// Headers with more bytes than this are not carried, so that they fit into one frame whatever
  /// the broker's frame size.
  public static let maximumHeaderBytes = 32_768
  static let maximumHeaderNameBytes = 128

  /// How many bytes headers take, counted generously; `nil` where a name is too long for AMQP.
  public static func bytes(ofHeaders headers: [String: HeaderValue]) -> Int? {
    var size = 0
    for (name, value) in headers {
      if name.utf8.count > maximumHeaderNameBytes { return nil }
      size += name.utf8.count + 64
      switch value {
      case .string(let text): size += text.utf8.count
      case .list(let texts): size += texts.reduce(0) { $0 + $1.utf8.count + 16 }
      case .integer, .boolean: break
      }
    }
    return size
  }
}

public enum PublishResult: Sendable, Equatable {
  /// The broker has it, in at least one queue.
  case confirmed
  /// No queue is bound for it: it was not kept.
  case returned(code: Int, text: String)
  /// The broker refused it (a full queue).
  case refused
  /// Not known: the connection or the deadline ended first. Publish again; ids make that harmless.
  case unknown(String)
}

public struct Delivery: Sendable, Equatable {
  /// Which delivery, on which of this consumer's connections.
  public struct Tag: Sendable, Hashable {
    public var connection: Int
    public var number: UInt64
    public init(connection: Int, number: UInt64) {
      self.connection = connection
      self.number = number
    }
  }
  public var tag: Tag
  public var queue: String
  public var exchange: String
  public var routingKey: String
  public var redelivered: Bool
  public var messageID: String?
  public var type: String?
  public var contentType: String?
  public var headers: [String: HeaderValue]
  /// The publisher, if the message states one: the broker has checked the name.
  public var user: String?
  public var body: [UInt8]

  public init(
    tag: Tag, queue: String, exchange: String, routingKey: String, redelivered: Bool,
    messageID: String?, type: String?, contentType: String?, headers: [String: HeaderValue],
    user: String? = nil, body: [UInt8]
  ) {
    self.tag = tag
    self.queue = queue
    self.exchange = exchange
    self.routingKey = routingKey
    self.redelivered = redelivered
    self.messageID = messageID
    self.type = type
    self.contentType = contentType
    self.headers = headers
    self.user = user
    self.body = body
  }
}

public struct Settlement: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    case acknowledge
    /// Back into the queue, for another consumer or another time.
    case requeue
  }
  public var tag: Delivery.Tag
  public var outcome: Outcome

  public init(_ tag: Delivery.Tag, _ outcome: Outcome) {
    self.tag = tag
    self.outcome = outcome
  }
}

public struct QueueDepth: Sendable, Equatable {
  public var messages: Int
  public var consumers: Int
  public init(messages: Int, consumers: Int) {
    self.messages = messages
    self.consumers = consumers
  }
}

public struct BrokerHealth: Sendable, Equatable {
  public enum Link: Sendable, Equatable {
    case idle, connected
    /// Connected, but the broker accepts nothing for now (memory or disk alarm).
    case blocked(String)
    case lost(String)
  }
  public var publishing: Link
  /// By queue.
  public var consuming: [String: Link]
  /// How often lost connections came back, all connections together.
  public var reconnects: Int
  public init(publishing: Link, consuming: [String: Link], reconnects: Int = 0) {
    self.publishing = publishing
    self.consuming = consuming
    self.reconnects = reconnects
  }
}
