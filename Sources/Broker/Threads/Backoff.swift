/// How long to wait before the next attempt: doubles from a floor up to a ceiling.
public struct Backoff: Sendable {
  private let floor: Duration
  private let ceiling: Duration
  private var failures = 0

  public init(floor: Duration, ceiling: Duration) {
    self.floor = floor
    self.ceiling = ceiling
  }

  /// The pause after one more failure.
  public mutating func next() -> Duration {
    defer { failures = min(failures + 1, 30) }
    return min(ceiling, floor * (1 << failures))
  }

  /// Between half and all of it, so that processes that lost a connection together do not come back
  /// together.
  mutating func nextSpread(_ spread: Double = .random(in: 0.5...1)) -> Duration {
    next() * spread
  }

  public mutating func reset() { failures = 0 }
}
