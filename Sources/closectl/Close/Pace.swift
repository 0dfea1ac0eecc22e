/// The speed of a close, measured over the last ten seconds or so.
struct Pace {
  private struct Sample {
    var at: Double
    var finished: Int
    var steps: Int
  }
  static let windowSeconds = 10.0
  private var samples: [Sample] = []

  /// `at`: seconds on any clock that only goes forward.
  mutating func add(at: Double, finished: Int, steps: Int) {
    samples.append(Sample(at: at, finished: finished, steps: steps))
    // One sample older than the window is kept as its start.
    while samples.count > 2, at - samples[1].at >= Self.windowSeconds { samples.removeFirst() }
  }

  var finishedPerSecond: Double? { rate(\.finished) }

  /// Seconds until all steps are done; `nil` when nothing moves.
  func secondsLeft(of allSteps: Int) -> Double? {
    guard let last = samples.last, let rate = rate(\.steps), rate > 0 else { return nil }
    return Double(max(0, allSteps - last.steps)) / rate
  }

  private func rate(_ value: KeyPath<Sample, Int>) -> Double? {
    guard let first = samples.first, let last = samples.last, last.at - first.at >= 0.5 else {
      return nil
    }
    return Double(last[keyPath: value] - first[keyPath: value]) / (last.at - first.at)
  }
}
