/// How long to wait before the next attempt to connect: doubles up to a ceiling, and is spread so
/// that services that lost the broker together do not come back together.
struct Backoff {
  let floor: Duration
  let ceiling: Duration
  private var failures = 0

  init(floor: Duration, ceiling: Duration) {
    self.floor = floor
    self.ceiling = ceiling
  }

  /// The pause after one more failure, between half and all of the doubled time.
  mutating func next(spread: Double = .random(in: 0.5...1)) -> Duration {
    defer { failures = min(failures + 1, 30) }
    return min(ceiling, floor * (1 << failures)) * spread
  }

  mutating func reset() { failures = 0 }
}
