import Broker
import Ledger

/// Measures one batch from when it is taken until each of its messages is settled. Does nothing if
/// metrics are off.
struct BatchMeasures: Sendable {
  private let metrics: ServiceMetrics?
  private let start: ContinuousClock.Instant?

  init(_ metrics: ServiceMetrics?, _ count: Int) {
    self.metrics = metrics
    start = metrics.map { _ in .now }
    metrics?.consumed.increment(by: count)
    metrics?.batchSize.record(count)
    metrics?.inFlight.increment(by: Double(count))
  }

  /// By the message's own time: how long it waited, in queues and before. A clock that is ahead of
  /// ours makes no negative age.
  func ages(of jobs: [Job], at clock: LedgerClock) {
    guard let metrics, !jobs.isEmpty else { return }
    let now = clock.now().milliseconds
    for job in jobs {
      metrics.queueAge.record(Double(max(now - job.event.time.milliseconds, 0)) / 1000)
    }
  }

  func settled(_ settlements: [Settlement]) {
    guard let metrics, let start else { return }
    metrics.handling.record(since: start, count: settlements.count)
    metrics.inFlight.decrement(by: Double(settlements.count))
  }
}
