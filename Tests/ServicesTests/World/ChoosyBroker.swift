import Broker
import Synchronization

/// A broker that refuses the messages that a test names, and counts what it was given.
final class ChoosyBroker: Broker {
  private struct State {
    var refused: Set<String> = []
    var given: [String] = []
    var meanwhile: (@Sendable () -> Void)?
  }
  private let inner: InMemoryBroker
  private let state = Mutex(State())

  init(before inner: InMemoryBroker) { self.inner = inner }

  var given: [String] { state.withLock(\.given) }

  func refuse(_ ids: Set<String>) { state.withLock { $0.refused = ids } }

  /// Runs with each publish: what other lanes do at that time.
  func during(_ work: @escaping @Sendable () -> Void) { state.withLock { $0.meanwhile = work } }

  func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
    let (refused, meanwhile) = state.withLock { state in
      state.given += messages.map(\.messageID)
      return (state.refused, state.meanwhile)
    }
    meanwhile?()
    var results = await inner.publish(messages.filter { !refused.contains($0.messageID) })[...]
    return messages.map {
      refused.contains($0.messageID) ? .refused : results.popFirst() ?? .unknown("no result")
    }
  }

  func consume(_ queue: String, prefetch: Int) async throws -> any Consumer {
    try await inner.consume(queue, prefetch: prefetch)
  }
  func differences(
    from topology: Topology, _ inspection: TopologyInspection
  ) async throws -> [TopologyDifference] {
    try await inner.differences(from: topology, inspection)
  }
  func apply(_ topology: Topology) async throws -> [TopologyDifference] {
    try await inner.apply(topology)
  }
  func depth(of queue: String) async throws -> QueueDepth? { try await inner.depth(of: queue) }
  func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await inner.browse(queue, page: page, visit)
  }
  func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    try await inner.sift(queue, page: page, visit)
  }
  var user: String? { inner.user }
  var health: BrokerHealth { get async { await inner.health } }
  func close() async { await inner.close() }
}
