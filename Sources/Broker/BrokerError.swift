public enum BrokerError: Error, Equatable, CustomStringConvertible {
  case badURL(String)
  case unreachable(host: String, port: Int, why: String)
  case refusedLogin(user: String, host: String)
  case noVirtualHost(String)
  case noQueue(String)
  /// Over TLS: its certificate or ours was refused.
  case untrusted(host: String, port: Int, why: String)
  /// `right`: `read`, `write` or `configure`; `on`: `queue charger`.
  case notPermitted(right: String, on: String, user: String, text: String)
  /// The error of each node of several.
  indirect case noNode([BrokerError])
  case refused(code: Int, text: String)
  case timedOut(String)

  public var description: String {
    switch self {
    case .badURL(let why): "the broker URL cannot be used: \(why)"
    case .unreachable(let host, let port, let why):
      "the broker at \(host):\(port) cannot be reached: \(why)"
    case .refusedLogin(let user, let host):
      "the broker at \(host) refuses user \(user): wrong name or password"
    case .noVirtualHost(let name):
      "the broker has no virtual host \(name), or the user may not use it"
    case .noQueue(let name): "the broker has no queue \(name): run `closectl topology apply`"
    case .untrusted(let host, let port, let why):
      "the broker at \(host):\(port) cannot be used over TLS: \(why)"
    case .notPermitted(let right, let on, let user, let text):
      "the broker's user \(user) lacks the right to \(right) \(on) (\(text)); "
        + "`closectl topology users` lists what each user needs"
    case .noNode(let refusals):
      "none of \(refusals.count) brokers can be used: "
        + refusals.map(\.description).joined(separator: "; ")
    case .refused(let code, let text): "the broker refuses: \(code) \(text)"
    case .timedOut(let what): "the broker did not answer in time: \(what)"
    }
  }
}

extension BrokerError {
  /// Whether waiting may fix it: a node that is down, a certificate that is renewed.
  public var mayPass: Bool {
    switch self {
    case .unreachable, .timedOut, .untrusted: true
    case .noNode(let refusals): refusals.allSatisfy(\.mayPass)
    case .badURL, .refusedLogin, .noVirtualHost, .noQueue, .notPermitted, .refused: false
    }
  }
}

extension ChannelClosed {
  /// The broker's refusal to let us consume from a queue.
  func refusal(of queue: String, to node: BrokerURL) -> BrokerError {
    switch code {
    case 403: .notPermitted(right: "read", on: "queue \(queue)", user: node.user, text: text)
    case 404: .noQueue(queue)
    default: .refused(code: code, text: text)
    }
  }
}
