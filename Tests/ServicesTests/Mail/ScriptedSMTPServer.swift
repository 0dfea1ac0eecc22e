import Glibc
import Synchronization

@testable import Endpoints

/// A mail server that says what a test tells it to, and counts.
final class ScriptedSMTPServer: Sendable {
  enum Step: Equatable, Sendable {
    case greeting, hello, login, mail, recipient, data, end, quit
  }

  enum Action: Sendable {
    case reply(String)
    /// Closes the connection without a word.
    case hangUp
    case replyAndHangUp(String)
    /// Keeps the connection and never answers.
    case silence
  }

  struct Seen: Sendable {
    var connections = 0
    var steps: [Step] = []
    var mails: [String] = []
    var logins: [String] = []
  }

  let port: Int
  private let listener: Int32
  private let script: @Sendable (Step, String) -> Action?
  private let state = Mutex(Seen())

  var seen: Seen { state.withLock { $0 } }
  var url: String { "smtp://127.0.0.1:\(port)" }

  /// `script` gets each step with the client's line; `nil` is the answer of a friendly server.
  init(script: @escaping @Sendable (Step, String) -> Action? = { _, _ in nil }) {
    self.script = script
    (listener, port) = Self.listen()
    let listener = listener
    Self.thread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let server = self else { break }
        server.state.withLock { $0.connections += 1 }
        Self.thread { server.serve(client) }
      }
      close(listener)
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func serve(_ client: Int32) {
    var buffer: [UInt8] = []
    var isOpen = perform(.greeting, "", client)
    while isOpen, let line = Self.line(client, &buffer) {
      let word = line.prefix(4).uppercased()
      switch word {
      case "EHLO", "HELO": isOpen = perform(.hello, line, client)
      case "AUTH":
        let secret = Self.send("334 ", client) ? Self.line(client, &buffer) : nil
        state.withLock { $0.logins.append("\(line) \(secret ?? "")") }
        isOpen = perform(.login, line, client)
      case "MAIL": isOpen = perform(.mail, line, client)
      case "RCPT": isOpen = perform(.recipient, line, client)
      case "DATA": isOpen = perform(.data, line, client) && receive(client, &buffer)
      case "QUIT": isOpen = perform(.quit, line, client) && false
      default: isOpen = Self.send("250 as you say", client)
      }
    }
    close(client)
  }

  private func receive(_ client: Int32, _ buffer: inout [UInt8]) -> Bool {
    var mail = ""
    while let line = Self.line(client, &buffer) {
      if line == "." {
        state.withLock { $0.mails.append(mail) }
        return perform(.end, "", client)
      }
      mail += (line.hasPrefix(".") ? String(line.dropFirst()) : line) + "\r\n"
    }
    return false
  }

  private func perform(_ step: Step, _ line: String, _ client: Int32) -> Bool {
    state.withLock { $0.steps.append(step) }
    switch script(step, line) ?? .reply(Self.friendly(step)) {
    case .reply(let text): return Self.send(text, client) && (step != .data || text.hasPrefix("3"))
    case .replyAndHangUp(let text):
      _ = Self.send(text, client)
      return false
    case .hangUp: return false
    case .silence:
      var buffer: [UInt8] = []
      _ = Self.line(client, &buffer)
      return false
    }
  }

  private static func friendly(_ step: Step) -> String {
    switch step {
    case .greeting: "220 test"
    case .hello: "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME"
    case .login: "235 come in"
    case .data: "354 go on"
    case .mail, .recipient, .end: "250 ok"
    case .quit: "221 goodbye"
    }
  }

  // MARK: Sockets

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    DedicatedThread.start(body)
  }

  private static func listen() -> (Int32, Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        precondition(bind(listener, $0, size) == 0 && Glibc.listen(listener, 16) == 0)
        getsockname(listener, $0, &size)
      }
    }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// A port that nobody listens on.
  static func freePort() -> Int {
    let (listener, port) = listen()
    close(listener)
    return port
  }

  private static func send(_ text: String, _ client: Int32) -> Bool {
    let bytes = text + "\r\n"
    return Glibc.send(client, bytes, bytes.utf8.count, Int32(MSG_NOSIGNAL))
      == bytes.utf8.count
  }

  private static func line(_ client: Int32, _ buffer: inout [UInt8]) -> String? {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        let line = buffer[..<end].filter { $0 != 0x0D }
        buffer.removeSubrange(...end)
        return String(decoding: line, as: UTF8.self)
      }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(client, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      buffer += chunk[..<count]
    }
  }
}
