import CoreMetrics
import Synchronization

/// One series of a family: its value under one set of labels.
protocol Series: AnyObject, Sendable {
  func write(_ family: MetricDescription, _ labels: String, into text: inout PrometheusText)
}

final class CounterSeries: Series, CounterHandler {
  private let count = Atomic<Int64>(0)

  func increment(by amount: Int64) { count.add(max(amount, 0), ordering: .relaxed) }
  func reset() { count.store(0, ordering: .relaxed) }

  func write(_ family: MetricDescription, _ labels: String, into text: inout PrometheusText) {
    text.sample(family.name, labels, "\(count.load(ordering: .relaxed))")
  }
}

/// Also what a recorder without aggregation writes to: the last value.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }

  func write(_ family: MetricDescription, _ labels: String, into text: inout PrometheusText) {
    text.sample(family.name, labels, PrometheusText.number(value.withLock { $0 }))
  }
}

/// Counts by upper bound. Timers arrive in nanoseconds and are kept in seconds, the base unit.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
  private struct State {
    /// One more than there are bounds: what is above the last one.
    var counts: [UInt64]
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: .init(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func record(_ value: Double) {
    let place = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[place] += 1
      $0.sum += value
    }
  }

  func write(_ family: MetricDescription, _ labels: String, into text: inout PrometheusText) {
    let state = state.withLock { $0 }
    var below: UInt64 = 0
    for (bound, count) in zip(bounds + [.infinity], state.counts) {
      below += count
      let edge = "le=\"\(PrometheusText.number(bound))\""
      text.sample(
        "\(family.name)_bucket", labels.isEmpty ? edge : "\(labels),\(edge)", "\(below)")
    }
    text.sample("\(family.name)_sum", labels, PrometheusText.number(state.sum))
    text.sample("\(family.name)_count", labels, "\(below)")
  }
}
