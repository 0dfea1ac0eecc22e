import Foundation
import Glibc
import Synchronization

/// Passes bytes between a client and the server on loopback. Once armed, it passes the next message
/// that holds a text on to the server and cuts the line before the answer comes back.
final class CuttingProxy: Sendable {
  let port: UInt16
  private let listener: CInt
  private let target: UInt16
  private let armed = Mutex<[UInt8]?>(nil)
  private let cutsLeft = Mutex(0)

  init(to target: UInt16) throws {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.address(0)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(made, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = getsockname(made, $0, &length)
      }
    }
    self.target = target
    listener = made
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in accepting() }
  }

  /// How often the line was cut.
  var cuts: Int { cutsLeft.withLock { $0 } }

  func cutAfter(_ text: String) {
    armed.withLock { $0 = Array(text.utf8) }
  }

  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    _ = Glibc.close(listener)
  }

  private func accepting() {
    while true {
      let client = accept(listener, nil, nil)
      if client < 0 { return }
      let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = Self.address(target)
      _ = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      Thread.detachNewThread { [self] in pass(from: client, to: server, isWatched: true) }
      Thread.detachNewThread { [self] in pass(from: server, to: client, isWatched: false) }
    }
  }

  private func pass(from: CInt, to: CInt, isWatched: Bool) {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(from, &buffer, buffer.count)
      if count <= 0 { break }
      let isCut = isWatched && isWanted(buffer[..<count])
      // The client hears nothing more: its side is closed before the server can answer.
      if isCut { shutdown(from, Int32(SHUT_RDWR)) }
      guard send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count, !isCut else { break }
    }
    shutdown(from, Int32(SHUT_RDWR))
    shutdown(to, Int32(SHUT_WR))
  }

  private func isWanted(_ bytes: ArraySlice<UInt8>) -> Bool {
    let found = armed.withLock { armed -> Bool in
      guard let text = armed, bytes.contains(text) else { return false }
      armed = nil
      return true
    }
    if found { cutsLeft.withLock { $0 += 1 } }
    return found
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}
