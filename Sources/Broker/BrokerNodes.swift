import Synchronization

extension BrokerURL {
  /// The nodes of one broker: URLs separated by commas, tried in this order.
  public static func nodes(
    parsing text: String, files: TLS? = nil
  ) throws(BrokerError) -> [BrokerURL] {
    var nodes: [BrokerURL] = []
    for part in parts(of: text) { nodes.append(try BrokerURL(parsing: part, files: files)) }
    return nodes
  }

  /// Each URL as text. A comma separates only where another URL begins: a password may hold one.
  public static func parts(of text: String) -> [String] {
    var parts: [String] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let start = piece.lowercased()
      if parts.isEmpty || start.hasPrefix("amqp://") || start.hasPrefix("amqps://") {
        parts.append(String(piece))
      } else {
        parts[parts.count - 1] += ",\(piece)"
      }
    }
    return parts
  }
}

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
