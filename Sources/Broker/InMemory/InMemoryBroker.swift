import Synchronization

/// The in-memory twin of `RabbitMQBroker`: same semantics, no network, no threads, and no clock but
/// the one it is given. For tests, which may also make it misbehave. `linger` is not waited for.
public final class InMemoryBroker: Broker {
  final class Shared: Sendable {
    struct State {
      var node = InMemoryNode()
      var confirmsToLose = 0
      var publishesToRefuse = 0
      var blocked: String?
    }
    let state = Mutex(State())
  }
  let shared: Shared
  struct Own {
    var consumers: [Int: String] = [:]
    var closed = false
  }
  let own = Mutex(Own())

  /// It has no rights, but checks the publisher that a message states.
  public let user: String?

  public init(user: String? = "in-memory") {
    shared = Shared()
    self.user = user
  }

  private init(_ shared: Shared, _ user: String?) {
    self.shared = shared
    self.user = user
  }

  /// Another client of the same broker, which must be closed separately.
  public func anotherConnection() -> InMemoryBroker { InMemoryBroker(shared, user) }
  public func anotherConnection(as user: String) -> InMemoryBroker { InMemoryBroker(shared, user) }

  public func consume(_ queue: String, prefetch: Int) async throws -> any Consumer {
    let buffer = ConsumerBuffer(prefetch: prefetch)
    let id = try shared.state.withLock { state throws(BrokerError) in
      guard state.node.reachable else { throw Self.away }
      guard let id = state.node.attach(queue, prefetch: max(1, prefetch), buffer: buffer) else {
        throw .noQueue(queue)
      }
      return id
    }
    own.withLock { $0.consumers[id] = queue }
    return InMemoryConsumer(buffer) { [shared] change in
      shared.state.withLock { change(&$0.node, id) }
    }
  }

  public func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
    if own.withLock({ $0.closed }) {
      return messages.map { _ in .unknown("the broker connection was closed") }
    }
    return shared.state.withLock { state in
      messages.map { message in
        if let name = message.user, name != user {
          let text = "user_id property set to '\(name)' but authenticated user was '\(user ?? "")'"
          return .returned(code: 406, text: "PRECONDITION_FAILED - \(text)")
        }
        return Self.publish(message, &state)
      }
    }
  }

  private static func publish(
    _ message: OutgoingMessage, _ state: inout Shared.State
  ) -> PublishResult {
    if let misfit = message.misfit { return misfit }
    if !state.node.reachable { return .unknown("not connected: \(away)") }
    if let reason = state.blocked { return .unknown("the broker is blocked: \(reason)") }
    if state.publishesToRefuse > 0 {
      state.publishesToRefuse -= 1
      return .refused
    }
    let result = state.node.publish(message)
    if result == .confirmed, state.confirmsToLose > 0 {
      state.confirmsToLose -= 1
      return .unknown("the connection was lost: its confirm was dropped")
    }
    return result
  }

  /// There are no users: everybody may declare.
  public func differences(
    from topology: Topology, _ inspection: TopologyInspection
  ) async throws -> [TopologyDifference] {
    try ask { $0.differences(from: topology) }
  }

  public func apply(_ topology: Topology) async throws -> [TopologyDifference] {
    try ask { $0.apply(topology) }
  }

  public func depth(of queue: String) async throws -> QueueDepth? {
    try ask { $0.depth(of: queue) }
  }

  public var health: BrokerHealth {
    get async {
      let link = shared.state.withLock { state -> BrokerHealth.Link in
        if !state.node.reachable { return .lost("\(Self.away)") }
        return state.blocked.map { .blocked($0) } ?? .connected
      }
      let own = own.withLock { $0 }
      var reading = link
      if case .blocked = link { reading = .connected }
      return BrokerHealth(
        publishing: own.closed ? .idle : link,
        consuming: Dictionary(own.consumers.values.map { ($0, reading) }) { first, _ in first })
    }
  }

  /// Only this client's consumers; what they had not settled goes back to the queues.
  public func close() async {
    let consumers = own.withLock { own in
      own.closed = true
      defer { own.consumers = [:] }
      return own.consumers.keys.sorted()
    }
    shared.state.withLock { state in
      for id in consumers { state.node.detach(id) }
    }
  }

  func change(_ change: (inout InMemoryNode) -> Void) {
    shared.state.withLock { change(&$0.node) }
  }

  func ask<Value>(
    _ question: (inout InMemoryNode) -> Value
  ) throws(BrokerError) -> Value {
    try shared.state.withLock { state throws(BrokerError) in
      guard state.node.reachable else { throw Self.away }
      return question(&state.node)
    }
  }

  private static let away = BrokerError.unreachable(
    host: "in-memory", port: 0, why: "it was taken away")
}

extension InMemoryBroker {
  public func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await sift(queue, page: page) { deliveries in
      try await visit(deliveries)
      return []
    }
  }

  /// As a consumer that takes all there is and loses its connection in the end.
  public func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    let (id, deliveries) = try takeAll(queue)
    defer { change { $0.detach(id) } }
    for start in stride(from: 0, to: deliveries.count, by: max(1, page)) {
      let part = Array(deliveries[start..<min(start + max(1, page), deliveries.count)])
      let taken = try await visit(part)
      change { $0.takeOff(taken.map(\.number), from: id) }
    }
    return deliveries.count
  }

  private func takeAll(_ queue: String) throws -> (id: Int, [Delivery]) {
    let buffer = ConsumerBuffer(prefetch: .max)
    let id = try ask { node in node.attach(queue, prefetch: .max, buffer: buffer) }
    guard let id else { throw BrokerError.noQueue(queue) }
    return (id, buffer.stop())
  }
}

/// A consumer of the in-memory broker; all it does happens in the broker's state.
final class InMemoryConsumer: Consumer {
  typealias Change = @Sendable ((inout InMemoryNode, Int) -> Void) -> Void
  private let buffer: ConsumerBuffer
  private let change: Change

  init(_ buffer: ConsumerBuffer, change: @escaping Change) {
    self.buffer = buffer
    self.change = change
  }

  /// Takes what is there; never waits for more, so that no test depends on real time.
  func next(limit: Int, linger: Duration) async -> [Delivery]? {
    await buffer.next(limit: limit, linger: .zero)
  }

  func settle(_ settlements: [Settlement]) async {
    change { node, id in node.settle(id, settlements) }
  }

  func stop() async {
    change { node, id in node.stop(id) }
  }
}
