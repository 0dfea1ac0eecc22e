import Foundation
import Glibc
import Testing

/// Services as programs of their own, from beside the tests, with neither a store nor a broker.
@Suite(.timeLimit(.minutes(3))) struct ServiceProgramTests {
  private static let names = ["invoicer", "charger", "mailer", "holder", "reporter"]

  private func start(_ name: String, log: Pipe) throws -> Process {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let process = Process()
    process.executableURL = tests.deletingLastPathComponent().appendingPathComponent(name)
    process.environment = [
      "MONTHCLOSE_BROKER_URL": "amqp://127.0.0.1:\(ScriptedSMTPServer.freePort())/",
      "MONTHCLOSE_STORE_URL": "sqlite:/nowhere/at.all",
    ]
    process.standardError = log
    try process.run()
    // It is our end now, and closed when this test closes it.
    try log.fileHandleForWriting.close()
    return process
  }

  private func stop(_ process: Process) async -> Int32 {
    kill(process.processIdentifier, SIGTERM)
    while process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }

  /// Without a thread that waits: tests share two.
  private func firstByte(of log: Pipe) async throws {
    let descriptor = log.fileHandleForReading.fileDescriptor
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&watched, 1, 0) == 0 { try await Task.sleep(for: .milliseconds(50)) }
    _ = try log.fileHandleForReading.read(upToCount: 1)
  }

  /// After its writer has ended. Waits for nobody: a process that another test started meanwhile
  /// may have the pipe as well.
  private func whatIs(in log: Pipe) -> String {
    let descriptor = log.fileHandleForReading.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    var logged: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &part, part.count), count > 0 {
      logged += part[..<count]
    }
    return String(decoding: logged, as: UTF8.self)
  }

  /// It says again and again what it waits for, and nobody hears it any more.
  @Test(arguments: names)
  func `Log whose reader is gone ends no service`(_ name: String) async throws {
    let log = Pipe()
    let process = try start(name, log: log)
    try await firstByte(of: log)
    try log.fileHandleForReading.close()
    try await Task.sleep(for: .seconds(3))
    #expect(process.isRunning)
    #expect(await stop(process) == 0)
  }

  @Test(arguments: names)
  func `Told to stop while it waits it ends with nought`(_ name: String) async throws {
    let log = Pipe()
    let process = try start(name, log: log)
    try await firstByte(of: log)
    #expect(await stop(process) == 0)
    #expect(whatIs(in: log).contains("stopped before it was ready"))
  }

  /// Before it listens a signal ends it as it ends any program; from then on none is lost.
  @Test func `Told to stop at any moment of its start it ends at once`() async throws {
    for milliseconds in stride(from: 0, to: 160, by: 4) {
      let log = Pipe()
      let process = try start("holder", log: log)
      try await Task.sleep(for: .milliseconds(milliseconds))
      let begun = ContinuousClock.now
      let status = await stop(process)
      #expect(status == 0 || status == -SIGTERM, "told after \(milliseconds) ms: \(status)")
      #expect(ContinuousClock.now - begun < .seconds(5), "told after \(milliseconds) ms")
    }
  }
}
