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
  /// Whether the error occurred while connecting. If the gateway is given as an address, the
  /// system's error comes unchanged. `ECONNREFUSED` has no other cause; other errors can also end a
  /// connection that has carried a request, and are distinguished by the call that NIO names.
  var isOfConnecting: Bool {
    if errnoCode == ECONNREFUSED { return true }
    return description.hasPrefix("connect(") || description.hasPrefix("finishing a non-block")
  }

  var reason: String {
    "\(String(cString: strerror(errnoCode)).lowercased()) (errno \(errnoCode))"
  }
}

extension NIOConnectionError {
  /// The address and the system's error; no other system text.
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
