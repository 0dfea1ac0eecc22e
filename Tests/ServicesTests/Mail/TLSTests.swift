import Billing
import Foundation
import Logging
import Testing

@testable import Mail

enum OpenSSL {
  static let path = "/usr/bin/openssl"
  /// Says so where it is not.
  static let isInstalled: Bool = {
    if FileManager.default.isExecutableFile(atPath: path) { return true }
    print("SKIPPED: the test of certificates needs the openssl command")
    return false
  }()
}

/// A server with a certificate that nobody vouches for, made by the `openssl` command.
@Suite(.enabled(if: OpenSSL.isInstalled), .timeLimit(.minutes(2))) struct TLSTests {
  private func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: OpenSSL.path)
    process.arguments = arguments
    // The server echoes what it is sent; a pipe nobody reads keeps it from the test's output.
    process.standardInput = Pipe()
    process.standardOutput = Pipe()
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test func `A certificate nobody vouches for is not trusted`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "month-close-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // A folder that stays behind in the temporary directory harms nobody.
    defer { try? FileManager.default.removeItem(at: folder) }
    let (key, certificate) = ("\(folder.path)/key.pem", "\(folder.path)/certificate.pem")
    let maker = try start([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
      "-out", certificate,
    ])
    maker.waitUntilExit()
    try #require(maker.terminationStatus == 0)
    let port = ScriptedSMTPServer.freePort()
    let server = try start([
      "s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-quiet",
    ])
    // Children of Swift's pool threads inherit their signal mask, in which SIGTERM is blocked.
    defer { kill(server.processIdentifier, SIGKILL) }
    let answer = try await answer(url: "smtps://user:hunter2@127.0.0.1:\(port)")
    #expect(answer.contains("certificate"), "\(answer)")
  }

  /// The first answer of a server that is there.
  private func answer(url: String) async throws -> String {
    let server = try MailServer.smtp(
      url: url, connections: 1, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let mail = OutgoingMail(
      from: "a@example.com", to: "b@example.org", toName: "", subject: "", messageID: "1@test",
      text: "", html: "", date: Instant(milliseconds: 0))
    var answer = ""
    // A server that has just been started takes a moment; until then nobody is there.
    repeat { answer = "\(await server.send([mail])[0])" } while answer.contains("(errno 111)")
    await server.shutdown()
    return answer
  }
}
