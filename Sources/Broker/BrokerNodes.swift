import Synchronization

/// The nodes of one broker, in the order in which they are tried. After a lost connection, the next
/// connection of any thread is made to another node.
final class BrokerNodes: Sendable {
  let urls: [BrokerURL]
  private let place = Mutex(0)

  init(_ urls: [BrokerURL]) {
    precondition(!urls.isEmpty, "a broker has at least one node")
    self.urls = urls
  }

  /// Where the next connection is made first.
  var current: BrokerURL { urls[place.withLock { $0 }] }

  /// Our name, where it is the same on every node and not a certificate's.
  var user: String? {
    let names = Set(urls.map { $0.tls?.isLogin == true ? nil : $0.user })
    return names.count == 1 ? names.first ?? nil : nil
  }

  /// Connects to the first node that accepts us, in one round over all of them; if none does, the
  /// error has each node's answer. Blocks its thread for up to two connect timeouts per node.
  func open(name: String, options: BrokerOptions) throws(BrokerError) -> AMQPConnection {
    var refusals: [BrokerError] = []
    for _ in urls {
      let node = current
      do {
        return try AMQPConnection.open(node, name: name, options: options)
      } catch {
        refusals.append(error)
        leave(node)
      }
    }
    throw refusals.count == 1 ? refusals[0] : .noNode(refusals)
  }

  /// Only the first caller to find a node gone moves all of them on.
  func leave(_ node: BrokerURL) {
    place.withLock { place in
      if urls[place] == node { place = (place + 1) % urls.count }
    }
  }
}
