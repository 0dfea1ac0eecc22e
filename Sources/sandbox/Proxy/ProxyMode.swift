/// The two directions through the proxy.
enum Way: String, Codable, CaseIterable, Sendable {
  case toServer = "to_server"
  case toClient = "to_client"
}

/// How the proxy treats its connections; one mode at a time, for all of them.
enum ProxyMode: Sendable, Equatable {
  case pass
  /// Each piece is forwarded this many milliseconds after it arrived, in order.
  case delay(milliseconds: Int)
  /// Connections are reset on both sides, new ones as soon as they are accepted.
  case cut
  /// Connections stay open, bytes are swallowed; `nil`: both ways, and new connections are accepted
  /// without one to the server behind them.
  case silence(Way?)
  /// That way is ended with a FIN, the other one stays open. A new connection may first carry one
  /// piece to the server.
  case halfClose(Way)
  /// Each connection is reset once it has carried this many more bytes that way.
  case cutAfter(bytes: Int, Way)

  enum Kind: String, Codable, CaseIterable, Sendable {
    case pass, delay, cut, silence
    case halfClose = "half_close"
    case cutAfter = "cut_after"

    var help: String {
      switch self {
      case .pass: "as if there were no proxy"
      case .delay: "forwards each piece `ms` later, in order"
      case .cut: "resets every connection, including new ones"
      case .silence: "accepts and swallows; with `way`, only that way"
      case .halfClose: "ends `way` with a FIN; the other stays open"
      case .cutAfter: "resets a connection after `bytes` more in `way`"
      }
    }
  }

  var kind: Kind {
    switch self {
    case .pass: .pass
    case .delay: .delay
    case .cut: .cut
    case .silence: .silence
    case .halfClose: .halfClose
    case .cutAfter: .cutAfter
    }
  }

  func swallows(_ way: Way) -> Bool {
    guard case .silence(let which) = self else { return false }
    return which.map { $0 == way } ?? true
  }
}

/// The body of `POST /`.
struct ProxyOrder: Codable, Sendable {
  var mode: ProxyMode.Kind
  var way: Way?
  var ms: Int?
  var bytes: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case mode, way, ms, bytes
  }

  /// `nil` if a value that the mode needs is missing or out of range.
  var proxyMode: ProxyMode? {
    switch mode {
    case .pass: return .pass
    case .cut: return .cut
    case .silence: return .silence(way)
    case .halfClose: return way.map(ProxyMode.halfClose)
    case .delay:
      guard let ms, (0...3_600_000).contains(ms) else { return nil }
      return .delay(milliseconds: ms)
    case .cutAfter:
      guard let bytes, bytes > 0, let way else { return nil }
      return .cutAfter(bytes: bytes, way)
    }
  }
}

/// The counts of one mode, with which a test proves that its fault happened.
struct ProxyCount: Codable, Sendable, Equatable {
  /// New connections.
  var connections = 0
  /// The connections, new or already open, that the fault hit. A delay counts pieces.
  var hits = 0
  /// Bytes forwarded.
  var toServer = 0
  var toClient = 0
  var swallowed = 0

  enum CodingKeys: String, CodingKey {
    case connections, hits, swallowed
    case toServer = "to_server"
    case toClient = "to_client"
  }
}

/// The answer to `GET /` and `POST /`.
struct ProxyReport: Codable, Sendable, Equatable {
  var mode: String
  /// Connections that are open now.
  var open: Int
  /// New connections while the server behind the proxy could not be reached.
  var unreachable: Int
  var counts: [String: ProxyCount]
}
