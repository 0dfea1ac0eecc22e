import Billing
import Ledger
import Logging
import ServiceLifecycle

/// Logs a line when a close begins and one when it has ended, with what this process did for it.
/// Between the two, a month without problems logs nothing.
struct CloseWatch: Service {
  let runs: @Sendable () async throws -> [CloseRun]
  let counters: RunCounters
  let logger: Logger
  let rest: @Sendable (Duration) async -> Bool
  /// When this process began; a close that began earlier continues.
  let startedAt: Instant

  private static let interval = Duration.seconds(1)

  func run() async throws {
    await cancelWhenGracefulShutdown { await poll() }
  }

  func poll() async {
    var seen: Seen?
    repeat {
      do {
        seen = note(try await runs(), seen)
      } catch {
        // Code that works with the store reports that it is down.
        logger.debug("closes cannot be read", metadata: ["error": "\(error)"])
      }
    } while await rest(Self.interval) && !Task.isCancelled
  }

  private struct Seen {
    var closed: Set<Period>
    /// What this process had done by the last check before the close appeared.
    var running: [Period: [RunCounters.Kind: Int]] = [:]
    var done: [RunCounters.Kind: Int]
  }

  /// At the first check, closes that have ended are ignored.
  private func note(_ runs: [CloseRun], _ earlier: Seen?) -> Seen {
    let now = counters.all
    let ended = Set(runs.filter { $0.state == .closed }.map(\.period))
    var seen = earlier ?? Seen(closed: ended, done: now)
    for run in runs where !seen.closed.contains(run.period) {
      if seen.running[run.period] == nil {
        seen.running[run.period] = seen.done
        let isOlder = run.startedAt < startedAt
        logger.info(
          "close \(run.period) \(isOlder ? "continues" : "has begun")",
          metadata: ["accounts": .number(run.expected)])
      }
      guard run.state == .closed, let before = seen.running.removeValue(forKey: run.period) else {
        continue
      }
      seen.closed.insert(run.period)
      logger.info("close \(run.period) has ended", metadata: details(run, before))
    }
    seen.done = now
    return seen
  }

  private func details(_ run: CloseRun, _ before: [RunCounters.Kind: Int]) -> Logger.Metadata {
    var details = counters.metadata(since: before)
    details["accounts"] = .number(run.expected)
    if let closedAt = run.closedAt {
      details["seconds"] = .seconds(
        .milliseconds(closedAt.milliseconds - run.startedAt.milliseconds))
    }
    return details
  }
}

extension RunCounters {
  /// The current totals, to be subtracted later.
  var all: [Kind: Int] {
    Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, self[$0]) })
  }

  func metadata(since before: [Kind: Int] = [:]) -> Logger.Metadata {
    func number(_ kind: Kind) -> Logger.MetadataValue { .number(self[kind] - (before[kind] ?? 0)) }
    return ["handled": number(.handled), "retried": number(.retried), "dead": number(.dead)]
  }
}
