import Glibc

/// The system's own word for why something failed, with its number.
struct SystemError: Error, Equatable, CustomStringConvertible {
  var code: Int32

  init(_ code: Int32) { self.code = code }

  var description: String { "\(String(cString: strerror(code)).lowercased()) (errno \(code))" }

  /// Why a connection to that address cannot be made, tried anew; `nil` when it can, or when
  /// nothing was heard within the time. librabbitmq does not keep the system's error.
  static func ofConnecting(to host: String, port: Int, within limit: Duration) -> SystemError? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else { return nil }
    defer { freeaddrinfo(found) }
    let address = first.pointee
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(address.ai_family, kind, address.ai_protocol)
    guard socket >= 0 else { return SystemError(errno) }
    defer { close(socket) }
    if connect(socket, address.ai_addr, address.ai_addrlen) == 0 { return nil }
    guard errno == EINPROGRESS else { return SystemError(errno) }
    var watched = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    let milliseconds = Int32(limit.components.seconds * 1000)
    guard poll(&watched, 1, max(milliseconds, 100)) == 1 else { return nil }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return nil }
    return code == 0 ? nil : SystemError(code)
  }
}
