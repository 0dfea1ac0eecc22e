import Glibc
import Testing

/// A plain socket on loopback, with deadlines.
final class Wire {
  /// How a read ended.
  enum Heard: Equatable {
    case text(String)
    /// A FIN.
    case end
    case reset
    /// Nothing within the time that was waited.
    case nothing
  }

  let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  static func connect(port: Int) throws -> Wire {
    let wire = Wire(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    let connected = loopback(port) { Glibc.connect(wire.descriptor, $0, $1) }
    try #require(connected == 0)
    return wire
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    try #require(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0)
  }

  /// Ends this side; the other one can still send.
  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next bytes, or the end, if any arrives within this many milliseconds.
  func hear(_ milliseconds: Int32 = 10_000) -> Heard {
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&poller, 1, milliseconds) > 0 else { return .nothing }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { return .reset }
    return count == 0 ? .end : .text(String(decoding: buffer[..<count], as: UTF8.self))
  }

  static func loopback<Result>(
    _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

/// A socket that listens on a port the system chose; each side of a test speaks for itself.
final class WireServer {
  let port: Int
  private let listening: Wire

  init() throws {
    let wire = Wire(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    let bound = Wire.loopback(0) { bind(wire.descriptor, $0, $1) }
    try #require(bound == 0 && listen(wire.descriptor, 16) == 0)
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(wire.descriptor, $0, &length)
      }
    }
    listening = wire
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  /// The next connection; `nil` if none arrives within this many milliseconds.
  func accept(_ milliseconds: Int32 = 10_000) -> Wire? {
    var poller = pollfd(fd: listening.descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&poller, 1, milliseconds) > 0 else { return nil }
    return Wire(Glibc.accept(listening.descriptor, nil, nil))
  }
}
