import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix

extension HTTPClientError {
  /// The request never had a connection to leave on.
  var isOfConnecting: Bool {
    [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(self)
  }
}

extension IOError {
  /// Whether it came up while connecting: where the gateway is named by its address the system's
  /// error comes as it is. `ECONNREFUSED` is of nothing else; other errors also end a connection
  /// that has carried a request, and are told apart by the call that NIO names.
  var isOfConnecting: Bool {
    if errnoCode == ECONNREFUSED { return true }
    return description.hasPrefix("connect(") || description.hasPrefix("finishing a non-block")
  }

  var reason: String {
    "\(String(cString: strerror(errnoCode)).lowercased()) (errno \(errnoCode))"
  }
}

extension NIOConnectionError {
  /// Which address, and what the system says; no other text of the system's.
  var reason: String {
    guard let failure = connectionErrors.first else { return "the name \(host) does not resolve" }
    let place = failure.target.ipAddress ?? host
    switch failure.error {
    case let error as IOError: return "\(error.reason) (\(place):\(port))"
    case ChannelError.connectTimeout: return "no answer from \(place):\(port)"
    default: return "\(type(of: failure.error)) (\(place):\(port))"
    }
  }
}
