import Glibc
import Logging
import Synchronization
import Testing

@testable import Services

@Suite(.timeLimit(.minutes(1))) struct StopDeadlineTests {
  private final class Logged: Sendable {
    let lines = Mutex<[String]>([])
    let status = Mutex<CInt?>(nil)

    var logger: Logger {
      Logger(label: "test") { _ in
        LineLogHandler(service: "test", level: .info, format: .text) { line, _ in
          self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
      }
    }
  }

  private func end(_ logged: Logged, inWork: [String]) async throws -> String {
    let deadline = StopDeadline(
      seconds: 0, logger: logged.logger, inWork: { inWork },
      end: { status in logged.status.withLock { $0 = status } })
    deadline.begin()
    while logged.status.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(5)) }
    return logged.lines.withLock { $0.joined() }
  }

  @Test func `What hangs is named and the process ends with one`() async throws {
    let logged = Logged()
    let text = try await end(logged, inWork: ["upkeep", "a batch of 64 messages"])
    #expect(logged.status.withLock { $0 } == 1)
    #expect(
      text.contains("error test asked to stop 0 s ago (MONTHCLOSE_STOP_TIMEOUT); exiting with"))
    #expect(text.contains("left=\"upkeep, a batch of 64 messages\""))
  }

  @Test func `With nothing in work it is the closing`() async throws {
    #expect(try await end(Logged(), inWork: []).contains("left=\"closing connections\""))
  }

  @Test(arguments: [(1, 750), (2, 1500), (8, 6000), (20, 15_000), (600, 595_000)])
  func `Work has most of the time`(_ seconds: Int, _ milliseconds: Int) {
    #expect(ServiceLife.workTime(of: seconds) == .milliseconds(milliseconds))
  }
}
