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
