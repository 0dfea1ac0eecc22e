import CoreMetrics
import Synchronization

/// The factory behind swift-metrics whose instruments can be scraped.
///
/// Only families that were described can be made: so each has its help, its buckets, and a place in
/// the documentation. A name nobody described is a mistake of the program and traps. What else is
/// known only when it is asked for (a connection, the process) comes from collectors.
public final class PrometheusRegistry: MetricsFactory {
  public typealias Collector = @Sendable () async -> [MetricSample]

  private struct State {
    var series: [String: [String: any Series]] = [:]
    var collectors: [Collector] = []
  }

  private let families: [String: MetricDescription]
  /// On every sample.
  private let labels: [(String, String)]
  private let state = Mutex(State())

  public init(_ families: [MetricDescription], labels: [(String, String)] = []) {
    self.families = Dictionary(uniqueKeysWithValues: families.map { ($0.name, $0) })
    self.labels = labels
  }

  public func collect(_ collector: @escaping Collector) {
    state.withLock { $0.collectors.append(collector) }
  }

  /// All there is, in text format 0.0.4. A family without a series is left out.
  public func text() async -> String {
    var samples: [MetricSample] = []
    for collector in state.withLock({ $0.collectors }) { samples += await collector() }
    let read = Dictionary(grouping: samples, by: \.description.name)
    let kept = state.withLock { $0.series }
    var text = PrometheusText()
    for name in Set(read.keys).union(kept.keys).sorted() {
      guard let family = families[name] ?? read[name]?.first?.description else { continue }
      text.head(family)
      for (labels, series) in (kept[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
        series.write(family, labels, into: &text)
      }
      for sample in read[name] ?? [] {
        text.sample(name, labelText(sample.labels), PrometheusText.number(sample.value))
      }
    }
    return text.text
  }

  // MARK: MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, .counter) { _ in CounterSeries() }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, .gauge) { _ in GaugeSeries() }
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      series(label, dimensions, .histogram) { HistogramSeries(bounds: $0.buckets) }
    } else {
      series(label, dimensions, .gauge) { _ in GaugeSeries() }
    }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, .histogram) { HistogramSeries(bounds: $0.buckets) }
  }

  // A series lives as long as the process: a counter that vanished would look like a restart.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  // MARK: Parts

  private func labelText(_ own: [(String, String)]) -> String {
    PrometheusText.labelText(labels + own)
  }

  /// The same name and labels always give the same series.
  private func series<Made: Series>(
    _ name: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind,
    _ make: (MetricDescription) -> Made
  ) -> Made {
    guard let family = families[name], family.kind == kind else {
      preconditionFailure("no \(kind.rawValue) \(name) was described")
    }
    let labels = labelText(dimensions)
    return state.withLock { state in
      if let known = state.series[name]?[labels] as? Made { return known }
      let made = make(family)
      state.series[name, default: [:]][labels] = made
      return made
    }
  }
}

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
