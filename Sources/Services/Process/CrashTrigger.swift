import Billing
import Glibc
import Ledger
import Synchronization

/// Where a process is to kill itself, for crash tests: with `MONTHCLOSE_CRASH_AT=committed:3` it
/// dies by SIGKILL when it reaches the boundary `committed` for the third time.
public struct CrashTrigger: Sendable, Equatable {
  public var crashPoint: CrashPoint
  /// From 1.
  public var occurrence: Int

  /// `NAME` or `NAME:N`.
  init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let crashPoint = CrashPoint(rawValue: String(parts[0])) else { return nil }
    let occurrence = parts.count == 1 ? 1 : Int(parts[1]) ?? 0
    guard occurrence >= 1 else { return nil }
    self.crashPoint = crashPoint
    self.occurrence = occurrence
  }

  /// Counts, and kills the process at the last.
  func observer() -> CrashPoint.Observer {
    let left = Countdown(occurrence)
    return { [crashPoint] point in
      guard point == crashPoint, left.isOver() else { return }
      kill(getpid(), SIGKILL)
      // The signal takes the process as a whole; this thread does nothing more until then.
      while true { pause() }
    }
  }

  private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func isOver() -> Bool { left.subtract(1, ordering: .relaxed).newValue == 0 }
  }
}
