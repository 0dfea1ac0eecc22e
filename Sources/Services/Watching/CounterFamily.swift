import CoreMetrics
import Synchronization

/// Counters of one name that differ in the values of their labels. The values are words of the
/// program (a rule, an outcome), so there are few of them. Those that are known beforehand are
/// there from the start, with 0: a counter that appears with its first increment hides it, since
/// no rate or increase is computed from nothing.
final class CounterFamily: Sendable {
  private let name: String
  private let labels: [String]
  private let factory: any MetricsFactory
  private let known = Mutex<[[String]: Counter]>([:])

  init(
    _ name: String, _ labels: [String], known values: [[String]], _ factory: any MetricsFactory
  ) {
    self.name = name
    self.labels = labels
    self.factory = factory
    for value in values { _ = counter(value) }
  }

  func add(_ count: Int = 1, _ values: String...) {
    if count > 0 { counter(values).increment(by: count) }
  }

  private func counter(_ values: [String]) -> Counter {
    known.withLock { known in
      if let counter = known[values] { return counter }
      let added = Counter(
        label: name, dimensions: Array(zip(labels, values)), factory: factory)
      known[values] = added
      return added
    }
  }
}
