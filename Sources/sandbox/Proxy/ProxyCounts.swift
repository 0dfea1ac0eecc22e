/// What happened while a mode was on, so that a test can prove that its fault was met.
struct ProxyCount: Codable, Sendable, Equatable {
  /// Connections that came.
  var connections = 0
  /// Of those, and of those that were there: how many the fault met. A delay counts pieces.
  var hits = 0
  /// Bytes sent on.
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
  /// Connections that came, while the server behind could not be reached.
  var unreachable: Int
  var counts: [String: ProxyCount]
}
