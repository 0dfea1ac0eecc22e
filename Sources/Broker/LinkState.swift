import Synchronization

/// What a connection's thread last said about its connection, for others to read.
final class LinkState: Sendable {
  private struct State {
    var link = BrokerHealth.Link.idle
    var reconnects = 0
  }

  private let state = Mutex(State())

  var link: BrokerHealth.Link {
    get { state.withLock { $0.link } }
    set {
      state.withLock {
        if case .lost = $0.link, newValue == .connected { $0.reconnects += 1 }
        $0.link = newValue
      }
    }
  }

  /// How often it was lost and came back.
  var reconnects: Int { state.withLock { $0.reconnects } }

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
