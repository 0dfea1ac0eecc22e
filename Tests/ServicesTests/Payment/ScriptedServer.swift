import Glibc
import Synchronization

/// A server on the loopback that answers with bytes a test has written, whatever HTTP says of them.
///
/// Each connection takes the next step of the script; it reads one request, does the step and
/// closes. Threads of its own: tests of a client must not depend on a server with the same event
/// loops.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    /// These bytes, then the connection is closed.
    case send(String)
    /// These bytes, then nothing until the client goes away.
    case sendAndHang(String)
    /// Closed without a byte.
    case drop
    /// A whole answer with this status, content type JSON.
    case json(Int, String, headers: [String] = [])
    /// A head that promises more than the client takes, and as many bytes as it does take.
    case endless
  }

  let port: Int
  private let listener: Int32
  private let steps: Mutex<[Step]>
  /// What decides the step by the request, where there is no script.
  private let answering: (@Sendable (String) -> Step)?
  private let seen = Mutex<[String]>([])

  var url: String { "http://127.0.0.1:\(port)" }
  /// The requests as they came, head and body.
  var requests: [String] { seen.withLock { $0 } }

  init(_ steps: [Step], answering: (@Sendable (String) -> Step)? = nil) throws {
    self.steps = Mutex(steps)
    self.answering = answering
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else { throw ScriptFault.noPort(errno) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Self.thread { [self] in accepting() }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accepting() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      let step = steps.withLock { $0.isEmpty ? .drop : $0.removeFirst() }
      Self.thread { [self] in
        serve(connection, step)
        close(connection)
      }
    }
    close(listener)
  }

  private func serve(_ connection: Int32, _ step: Step) {
    let request = Self.readRequest(connection)
    seen.withLock { $0.append(request) }
    switch answering?(request) ?? step {
    case .drop: return
    case .send(let text): Self.send(text, connection)
    case .sendAndHang(let text):
      Self.send(text, connection)
      var byte: UInt8 = 0
      while read(connection, &byte, 1) > 0 {}
    case .json(let status, let body, let headers):
      let more = headers.map { $0 + "\r\n" }.joined()
      Self.send(
        "HTTP/1.1 \(status) Status\r\nContent-Type: application/json\r\n\(more)"
          + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)", connection)
    case .endless:
      Self.send("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n", connection)
      let part = String(repeating: "x", count: 65_536)
      for _ in 0..<160 where !Self.send(part, connection) { return }
    }
  }

  /// Head and body of one request; requests without Content-Length have no body.
  private static func readRequest(_ connection: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let length =
          text.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        if text[end.upperBound...].utf8.count >= length { return text }
      }
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return text }
      bytes += buffer[..<count]
    }
  }

  @discardableResult
  private static func send(_ text: String, _ connection: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func thread(_ work: @escaping @Sendable () -> Void) {
    final class Box {
      let work: @Sendable () -> Void
      init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(work)).toOpaque()
    pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<Box>.fromOpaque(pointer!).takeRetainedValue().work()
        return nil
      }, box)
    pthread_detach(thread)
  }
}

enum ScriptFault: Error { case noPort(Int32) }
