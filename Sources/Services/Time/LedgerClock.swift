import Billing
import Glibc
import Logging

/// Where services take the time from. What it says is data (due dates, grace periods); how long a
/// call may take is measured with Swift's own clocks.
public struct LedgerClock: Sendable {
  public var now: @Sendable () -> Instant

  public init(now: @escaping @Sendable () -> Instant) { self.now = now }

  public static let system = LedgerClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// The system's time plus the seconds a file holds, for trying out grace periods and retries.
  /// The file is looked at again at most every 100 ms. A file that is not there means 0; one that
  /// cannot be read as a whole number is an error now, and later leaves the offset as it was, with
  /// one warning.
  public static func shifted(
    file: String, logger: Logger? = nil
  ) throws(ClockFileError) -> LedgerClock {
    let offset = try ClockOffset(file: file, logger: logger)
    return LedgerClock { system.now().adding(seconds: offset.seconds()) }
  }

  /// So often a file is looked at.
  public static let fileInterval = Duration.milliseconds(100)

  /// Moves every clock that is shifted by this file, as `closectl clock` does; each within
  /// `fileInterval`.
  public static func writeOffset(file: String, seconds: Int64) throws(ClockFileError) {
    try ClockFile.write(file, seconds: seconds)
  }
}
