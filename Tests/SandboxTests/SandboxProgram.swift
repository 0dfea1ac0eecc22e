import Foundation
import Testing

/// A sandbox started as a program of its own, from beside the tests.
final class SandboxProgram {
  let process: Process
  private let errors = Pipe()
  private(set) var port = 0

  static var path: String {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("sandbox").path
  }

  static func newLog() -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("sandbox-\(UUID().uuidString).jsonl").path
  }

  /// Starts `sandbox serve` and waits until it says where it listens. `largestFile`: in blocks of
  /// 512 bytes, what it may write.
  init(_ arguments: [String], largestFile: Int? = nil) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    let limit = largestFile.map { "ulimit -f \($0); " } ?? ""
    process.arguments = ["-c", limit + "exec \"$0\" \"$@\"", Self.path, "serve"] + arguments
    process.standardError = errors
    try process.run()
    var said = ""
    while !said.contains("\n") {
      let data = errors.fileHandleForReading.availableData
      if data.isEmpty { break }
      said += String(decoding: data, as: UTF8.self)
    }
    let address = try #require(said.firstMatch(of: /127\.0\.0\.1:(\d+)/), "it said: \(said)")
    port = Int(address.1) ?? 0
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  static func runToEnd(_ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// What it says on standard error until it ends.
  func lastWords() -> String {
    String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  /// Sends the signal and returns how the program ended: its exit status, or minus the signal.
  func stop(_ signal: Int32) -> Int32 {
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }

  func chargeText(_ invoice: String, key: String) -> String {
    let body = GatewayFixture.form([
      ("amount", "100"), ("currency", "chf"), ("confirm", "true"), ("off_session", "true"),
      ("payment_method", "pm_card_visa"), ("metadata[invoice]", invoice),
    ])
    return head("POST", "/v1/payment_intents", body, "Idempotency-Key: \(key)\r\n") + body
  }

  func charge(_ invoice: String, key: String) throws -> String {
    try exchange(chargeText(invoice, key: key))
  }

  func request(_ method: String, _ path: String, _ body: String) throws -> String {
    try exchange(head(method, path, body, "") + body)
  }

  private func head(_ method: String, _ path: String, _ body: String, _ more: String) -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_sandbox\r\n"
      + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n"
  }

  /// A new connection; times out after 20 seconds.
  func open() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0)
    return descriptor
  }

  static func send(_ text: String, on descriptor: Int32) throws {
    let bytes = Array(text.utf8)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
  }

  private func exchange(_ text: String) throws -> String {
    let descriptor = try open()
    defer { close(descriptor) }
    try Self.send(text, on: descriptor)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { break }
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
