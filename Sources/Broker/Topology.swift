/// Exchanges, queues and bindings as they should be, as plain data.
public struct Topology: Sendable, Equatable {
  public struct Exchange: Sendable, Equatable {
    public var name: String
    /// `topic`, `direct` …
    public var kind: String
    public init(name: String, kind: String) {
      self.name = name
      self.kind = kind
    }
  }
  public struct Queue: Sendable, Equatable {
    public var name: String
    /// All queues are durable; `x-queue-type` and the like.
    public var arguments: [String: HeaderValue]
    public init(name: String, arguments: [String: HeaderValue]) {
      self.name = name
      self.arguments = arguments
    }
  }
  public struct Binding: Sendable, Equatable {
    public var exchange: String
    public var queue: String
    public var routingKey: String
    public init(exchange: String, queue: String, routingKey: String) {
      self.exchange = exchange
      self.queue = queue
      self.routingKey = routingKey
    }
  }
  public var exchanges: [Exchange]
  public var queues: [Queue]
  public var bindings: [Binding]
  /// Bindings that `apply` removes. Comparing does not look for them.
  public var retired: [Binding]

  public init(
    exchanges: [Exchange], queues: [Queue], bindings: [Binding], retired: [Binding] = []
  ) {
    self.exchanges = exchanges
    self.queues = queues
    self.bindings = bindings
    self.retired = retired
  }
}

public struct TopologyDifference: Sendable, Equatable, CustomStringConvertible {
  /// `queue charger`, `exchange monthclose`
  public var what: String
  public var expected: String
  public var found: String

  public init(what: String, expected: String, found: String) {
    self.what = what
    self.expected = expected
    self.found = found
  }
  public var description: String { "\(what): expected \(expected), found \(found)" }
}

/// How closely a topology is compared with the broker.
public enum TopologyInspection: Sendable {
  /// Everything, arguments included. AMQP compares arguments only for users who may declare.
  case whole
  /// The same for a user who may declare; for another one, only whether exchanges and queues exist.
  case asPermitted
}

extension Broker {
  public func differences(from topology: Topology) async throws -> [TopologyDifference] {
    try await differences(from: topology, .whole)
  }
}

/// A binding key of a topic exchange: words between dots, `*` for one word, `#` for any number.
public struct TopicPattern: Sendable {
  private let words: [Substring]

  public init(_ key: String) { words = Self.split(key) }

  public func matches(_ routingKey: String) -> Bool {
    Self.matches(words[...], Self.split(routingKey)[...])
  }

  private static func split(_ key: String) -> [Substring] {
    key.split(separator: ".", omittingEmptySubsequences: false)
  }

  private static func matches(
    _ pattern: ArraySlice<Substring>, _ words: ArraySlice<Substring>
  ) -> Bool {
    guard let first = pattern.first else { return words.isEmpty }
    let rest = pattern.dropFirst()
    if first == "#" {
      return matches(rest, words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
    }
    guard let word = words.first, first == "*" || first == word else { return false }
    return matches(rest, words.dropFirst())
  }
}
