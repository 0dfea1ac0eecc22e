import Billing
import Broker
import Ledger
import Logging
import Monitoring
import ServiceLifecycle
import Synchronization

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
    await cancelWhenGracefulShutdown { await poll() }
  }

  func poll() async {
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

/// The reporter's last readings of all services: a scrape only reads them. A value that cannot be
/// read keeps its last reading for a while, and the time of that reading for good.
package final class Observations: Sendable {
  struct Queue: Sendable, Equatable {
    var service: ServiceName
    var messages: Int
    var consumers: Int
    var deadLetters: Int
  }

  struct Close: Sendable, Equatable {
    var run: CloseRun
    /// Accounts that have reached each stage.
    var stages: [String: Int]
    var ends: [AccountEnd: Int]
  }

  private struct State {
    var queues: [Queue] = []
    var queuesSeen: Double?
    var closes: [Close] = []
    var overdue: [ServiceName: Int] = [:]
    var ledgerSeen: Double?
  }

  /// Older figures are not shown: an alert on them would be about a past state, or would miss a new
  /// one.
  static let shownSeconds = 120.0

  private let state = Mutex(State())
  /// In seconds since 1970, by the machine's own clock: what Prometheus compares it with.
  private let now: @Sendable () -> Double

  package init(now: @escaping @Sendable () -> Double = Observations.clock) { self.now = now }

  package static let clock: @Sendable () -> Double = {
    Double(LedgerClock.system.now().milliseconds) / 1000
  }

  func saw(_ queues: [Queue]) {
    let seen = now()
    state.withLock {
      $0.queues = queues
      $0.queuesSeen = seen
    }
  }

  func saw(_ closes: [Close], overdue: [ServiceName: Int]) {
    let seen = now()
    state.withLock {
      $0.closes = closes
      $0.overdue = overdue
      $0.ledgerSeen = seen
    }
  }

  // MARK: Samples

  func samples() -> [MetricSample] {
    let state = state.withLock { $0 }
    let oldest = now() - Self.shownSeconds
    var samples: [MetricSample] = []
    if let seen = state.ledgerSeen {
      let isFresh = seen >= oldest
      if isFresh { samples += state.closes.flatMap(Self.samples) }
      for service in Self.withDueWork where isFresh {
        samples.append(
          MetricSample(
            MetricTable.overdueWork, labels: [("queue", service.rawValue)],
            Double(state.overdue[service] ?? 0)))
      }
      samples.append(MetricSample(MetricTable.observedAt, labels: [("of", "ledger")], seen))
    }
    if let seen = state.queuesSeen {
      if seen >= oldest { samples += state.queues.flatMap(Self.samples) }
      samples.append(MetricSample(MetricTable.observedAt, labels: [("of", "broker")], seen))
    }
    return samples
  }

  /// Those that schedule work for later.
  private static let withDueWork: [ServiceName] = [.charger, .holder]

  private static func samples(_ queue: Queue) -> [MetricSample] {
    let labels = [("queue", queue.service.rawValue)]
    return [
      MetricSample(MetricTable.deadLetters, labels: labels, Double(queue.deadLetters)),
      MetricSample(MetricTable.queueMessages, labels: labels, Double(queue.messages)),
      MetricSample(MetricTable.queueConsumers, labels: labels, Double(queue.consumers)),
    ]
  }

  private static func samples(_ close: Close) -> [MetricSample] {
    let period = ("period", "\(close.run.period)")
    let open = close.run.expected - close.ends.values.reduce(0, +)
    let stages = close.stages.merging(["expected": close.run.expected]) { $1 }
    return [
      MetricSample(
        MetricTable.closeRunning, labels: [period], close.run.state == .running ? 1 : 0),
      MetricSample(
        MetricTable.closeStarted, labels: [period],
        Double(close.run.startedAt.milliseconds) / 1000),
    ]
      + stages.sorted { $0.key < $1.key }.map {
        MetricSample(
          MetricTable.closeAccounts, labels: [period, ("stage", $0.key)], Double($0.value))
      }
      + AccountEnd.allCases.map {
        MetricSample(
          MetricTable.closeEnds, labels: [period, ("end", $0.rawValue)],
          Double(close.ends[$0] ?? 0))
      }
      + [MetricSample(MetricTable.closeEnds, labels: [period, ("end", "open")], Double(open))]
  }
}
