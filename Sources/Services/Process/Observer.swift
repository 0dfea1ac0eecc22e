import Billing
import Broker
import Ledger
import Logging
import ServiceLifecycle

/// Reads the ledger and the queues of all services every few seconds, for the reporter's gauges. A
/// scrape never waits for either: it gets the last values read.
struct Observer: Service {
  let store: LedgerStore
  let broker: any Broker
  let clock: LedgerClock
  let observations: Observations
  let logger: Logger
  let rest: @Sendable (Duration) async -> Bool

  static let interval = Duration.seconds(10)
  /// Due work is announced once a second; anything older is overdue.
  static let overdueAfterSeconds: Int64 = 60
  /// The closes shown: the running ones, and the last finished one. Each has about twenty series,
  /// so this bounds the number even if many closes are never finished.
  static let mostCloses = 4

  func run() async throws {
    await cancelWhenGracefulShutdown { await looks() }
  }

  func looks() async {
    repeat {
      await look(at: "the ledger") { try await seeLedger() }
      await look(at: "the queues") { try await seeQueues() }
    } while await rest(Self.interval) && !Task.isCancelled
  }

  /// Code that uses it reports that it is down; the age of the last values is a gauge.
  private func look(at what: String, _ see: () async throws -> Void) async {
    do { try await see() } catch {
      logger.debug("\(what) cannot be read", metadata: ["error": "\(error)"])
    }
  }

  private func seeLedger() async throws {
    let runs = try await store.runs().sorted { $0.period > $1.period }
    let ended = runs.filter { $0.state == .closed }.max {
      ($0.closedAt ?? $0.startedAt) < ($1.closedAt ?? $1.startedAt)
    }
    let running = runs.filter { $0.state == .running }.prefix(Self.mostCloses - 1)
    var closes: [Observations.Close] = []
    for run in Array(running) + [ended].compactMap({ $0 }) {
      guard let progress = try await store.progress(run.period) else { continue }
      let stages = progress.milestones.merging(["finished": progress.finished]) { $1 }
      closes.append(.init(run: progress.run, stages: stages, ends: progress.ends))
    }
    let before = clock.now().adding(seconds: -Self.overdueAfterSeconds)
    observations.saw(closes, overdue: try await store.overdueWork(before: before))
  }

  private func seeQueues() async throws {
    var queues: [Observations.Queue] = []
    for service in MonthClose.services {
      let own = try await broker.depth(of: service.rawValue)
      let dead = try await broker.depth(of: MonthClose.deadQueue(of: service))
      queues.append(
        .init(
          service: service, messages: own?.messages ?? 0, consumers: own?.consumers ?? 0,
          deadLetters: dead?.messages ?? 0))
    }
    observations.saw(queues)
  }
}
