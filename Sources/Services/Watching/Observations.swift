import Billing
import Ledger
import Monitoring
import Synchronization

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
