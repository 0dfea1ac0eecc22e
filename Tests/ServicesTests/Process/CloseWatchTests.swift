import Billing
import Ledger
import Logging
import Synchronization
import Testing

@testable import Services

@Suite struct CloseWatchTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  private func run(_ state: RunState, _ startedAt: Int64) throws -> CloseRun {
    CloseRun(
      period: try Period("2026-11"), state: state, requestedBy: "x",
      startedAt: Instant(milliseconds: startedAt),
      closedAt: state == .closed ? Instant(milliseconds: startedAt + 1500) : nil, expected: 3,
      ranges: 1, rangeSize: 50)
  }

  /// The lines of a process that began at 1000, saw these and had done one message more each time.
  private func lines(_ polls: [[CloseRun]]) async -> [String] {
    let lines = Lines()
    let counters = RunCounters()
    let left = Mutex(polls)
    let logger = Logger(label: "test") { _ in
      LineLogHandler(service: "test", level: .info, format: .text) { line, _ in
        let text = String(decoding: line, as: UTF8.self)
        lines.all.withLock { $0.append(String(text.drop { $0 != " " }.dropFirst(11).dropLast())) }
      }
    }
    let watch = CloseWatch(
      runs: {
        counters.count(.handled)
        return left.withLock { $0.removeFirst() }
      }, counters: counters, logger: logger, rest: { _ in left.withLock { !$0.isEmpty } },
      startedAt: Instant(milliseconds: 1000))
    await watch.poll()
    return lines.all.withLock { $0 }
  }

  private func ended(_ handled: Int) -> String {
    "close 2026-11 has ended accounts=3 dead=0 handled=\(handled) retried=0 seconds=1.5"
  }

  @Test func `A close is its beginning and its end`() async throws {
    let running = try run(.running, 2000)
    let closed = try run(.closed, 2000)
    #expect(
      await lines([[], [running], [closed], [closed]]) == [
        "close 2026-11 has begun accounts=3", ended(2),
      ])
  }

  @Test func `One that was before goes on`() async throws {
    #expect(
      await lines([[try run(.running, 500)], [try run(.closed, 500)]]) == [
        "close 2026-11 continues accounts=3", ended(1),
      ])
  }

  @Test func `One that had ended before is not said`() async throws {
    let closed = try run(.closed, 500)
    #expect(await lines([[closed], [closed]]).isEmpty)
  }

  @Test func `One between two looks is said whole`() async throws {
    #expect(await lines([[], [try run(.closed, 2000)]]).count == 2)
  }
}
