import Foundation
import Testing

@testable import sandbox

/// The program itself, over real connections: started, killed, stopped, in each other's way.
struct SandboxServerTests {
  @Test func `A killed server charges nobody twice`() throws {
    let log = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let first = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log])
    let before = try first.charge("inv-1", key: "k")
    #expect(before.hasPrefix("HTTP/1.1 200"))
    kill(first.process.processIdentifier, SIGKILL)
    first.process.waitUntilExit()
    let second = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log])
    let after = try second.charge("inv-1", key: "k")
    #expect(after.hasPrefix("HTTP/1.1 200") && after.contains("Idempotent-Replayed: true"))
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(second.stop(SIGTERM) == 0)
  }

  @Test func `A dropped answer is no byte at all`() throws {
    let log = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log])
    let body = #"{"kind":"charge_then_drop","match":{"times":1}}"#
    #expect(try server.request("POST", "/_sandbox/faults", body).hasPrefix("HTTP/1.1 200"))
    #expect(try server.charge("inv-1", key: "k") == "")
    #expect(try server.charge("inv-1", key: "k").contains("Idempotent-Replayed: true"))
    #expect(server.stop(SIGINT) == 0)
  }

  @Test func `A request that hangs does not keep the program alive`() throws {
    let log = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log])
    _ = try server.request("POST", "/_sandbox/faults", #"{"kind":"hang"}"#)
    let open = try server.open()
    defer { close(open) }
    try SandboxProgram.send(server.chargeText("inv-1", key: "k"), on: open)
    // The charge is in the log before the answer would be sent.
    let deadline = ContinuousClock.now + .seconds(20)
    while try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count < 2,
      ContinuousClock.now < deadline
    { usleep(2_000) }
    #expect(server.stop(SIGTERM) == 0)
  }

  @Test func `A log that cannot be written ends the program without an answer`() throws {
    let log = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log], largestFile: 4)
    var answered = 0
    while answered < 100, try server.charge("inv-\(answered)", key: "\(answered)") != "" {
      answered += 1
    }
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 1)
    #expect(server.lastWords().contains("the log \(log) cannot be used: File too large"))
    // Every answer is in the log; what was not answered may be, torn off in the middle.
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(answered > 0 && lines.count >= answered + 1)
  }

  @Test func `A taken port is one clear sentence`() throws {
    let log = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let server = try SandboxProgram(["--listen", "127.0.0.1:0", "--log", log])
    let other = SandboxProgram.newLog()
    defer { try? FileManager.default.removeItem(atPath: other) }
    let (status, text) = try SandboxProgram.runToEnd(
      ["serve", "--listen", "127.0.0.1:\(server.port)", "--log", other])
    #expect(status == 1)
    #expect(
      text.contains("cannot listen on 127.0.0.1:\(server.port): another program is listening"))
    #expect(text.split(separator: "\n").count == 1)
    let (sameLog, sentence) = try SandboxProgram.runToEnd(
      ["serve", "--listen", "127.0.0.1:0", "--log", log])
    #expect(sameLog == 1 && sentence.contains("is in use by another sandbox"))
    #expect(server.stop(SIGTERM) == 0)
  }

  @Test func `The help names every fault`() throws {
    let (status, text) = try SandboxProgram.runToEnd(["serve", "--help"])
    #expect(status == 0)
    for kind in InjectedFaultKind.allCases {
      #expect(text.contains("  \(kind.rawValue) "))
    }
  }
}
