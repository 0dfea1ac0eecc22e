import Endpoints
import Glibc
import Synchronization

@testable import Broker

/// A TCP proxy in front of the broker that can go silent, as a partition does, cut connections, and
/// speak to the client in the broker's name.
final class PausableProxy: Sendable {
  private struct State {
    var paused = false
    var accepting = true
    /// Socket of the client, socket of the broker.
    var pairs: [(client: Int32, broker: Int32)] = []
    var accepted = 0
  }
  private let state = Mutex(State())
  private let listener: Int32
  let port: Int
  private let target: BrokerURL

  init(to target: BrokerURL) {
    self.target = target
    (listener, port) = listenOnLoopback()
    DedicatedThread.start { [self] in acceptAll() }
  }

  /// The broker's URL, through the proxy.
  var url: BrokerURL {
    var url = target
    (url.host, url.port) = ("127.0.0.1", port)
    return url
  }

  var accepted: Int { state.withLock { $0.accepted } }

  /// Nothing passes in either direction; the connections stay open.
  func pause() { state.withLock { $0.paused = true } }
  func resume() { state.withLock { $0.paused = false } }

  /// Cuts all connections; new ones are taken if `refusing` is `false`.
  func cut(refusing: Bool = false) {
    state.withLock { state in
      state.accepting = !refusing
      for pair in state.pairs {
        shutdown(pair.client, Int32(SHUT_RDWR))
        shutdown(pair.broker, Int32(SHUT_RDWR))
      }
    }
  }

  func acceptAgain() { state.withLock { $0.accepting = true } }

  /// Only while nothing is under way, or frames are torn.
  func sayToClients(_ bytes: [UInt8]) {
    for pair in state.withLock({ $0.pairs }) {
      send(pair.client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
  }

  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    cut()
  }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      if client < 0 { break }
      guard state.withLock({ $0.accepting }), let broker = connectToLoopback(target.port) else {
        Glibc.close(client)
        continue
      }
      state.withLock { state in
        state.accepted += 1
        state.pairs.append((client, broker))
      }
      DedicatedThread.start { [self] in pump(client, broker) }
    }
    Glibc.close(listener)
  }

  private func pump(_ client: Int32, _ broker: Int32) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var open = true
    while open {
      if state.withLock({ $0.paused }) {
        usleep(2_000)
        continue
      }
      var watched = [
        pollfd(fd: client, events: Int16(POLLIN), revents: 0),
        pollfd(fd: broker, events: Int16(POLLIN), revents: 0),
      ]
      poll(&watched, 2, 5)
      for (source, sink) in [(0, broker), (1, client)] where watched[source].revents != 0 {
        let count = recv(watched[source].fd, &buffer, buffer.count, 0)
        if count <= 0 || !sendAll(sink, buffer[..<count]) { open = false }
      }
    }
    state.withLock { $0.pairs.removeAll { $0.client == client } }
    Glibc.close(client)
    Glibc.close(broker)
  }

  private func sendAll(_ socket: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent <= 0 { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }
}

/// A listening socket and its port.
func listenOnLoopback() -> (socket: Int32, port: Int) {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(port: 0)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      precondition(bind(listener, address, length) == 0 && listen(listener, 16) == 0)
      precondition(getsockname(listener, address, &length) == 0)
    }
  }
  return (listener, Int(UInt16(bigEndian: address.sin_port)))
}

private func connectToLoopback(_ port: Int) -> Int32? {
  let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = loopback(port: port)
  let status = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  if status == 0 { return client }
  Glibc.close(client)
  return nil
}

private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return address
}
