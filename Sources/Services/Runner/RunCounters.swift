import Synchronization

/// What a process has done since it started; its last log line.
public final class RunCounters: Sendable {
  public enum Kind: Int, Sendable, CaseIterable { case handled, retried, dead }

  private let counts = Mutex([Int](repeating: 0, count: Kind.allCases.count))

  public init() {}

  func count(_ kind: Kind, _ number: Int = 1) {
    counts.withLock { $0[kind.rawValue] += number }
  }

  public subscript(_ kind: Kind) -> Int {
    counts.withLock { $0[kind.rawValue] }
  }
}
