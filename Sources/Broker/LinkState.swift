import Synchronization

/// What a connection's thread last said about its connection, for others to read.
final class LinkState: Sendable {
  private let state = Mutex(BrokerHealth.Link.idle)

  var link: BrokerHealth.Link {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  /// Why nothing was heard of a message, in words.
  var silence: String {
    switch link {
    case .blocked(let reason): "the broker is blocked: \(reason)"
    case .lost(let reason): "not connected: \(reason)"
    case .connected: "the broker did not confirm it"
    case .idle: "not connected"
    }
  }
}
