import Billing
import Glibc
import Logging

/// Where services get the time. Its values are data (due dates, grace periods); the duration of
/// calls is measured with Swift's own clocks.
public struct LedgerClock: Sendable {
  public var now: @Sendable () -> Instant

  public init(now: @escaping @Sendable () -> Instant) { self.now = now }

  public static let system = LedgerClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// The system time plus the seconds in a file, for trying out grace periods and retries. The file
  /// is checked again at most every 100 ms. A missing file means 0. A file that is not a whole
  /// number is an error at the start; later it leaves the offset unchanged, with one warning.
  public static func shifted(
    file: String, logger: Logger? = nil
  ) throws(ClockFileError) -> LedgerClock {
    let offset = try ClockOffset(file: file, logger: logger)
    return LedgerClock { system.now().adding(seconds: offset.seconds()) }
  }

  /// How often the file is checked.
  public static let fileInterval = Duration.milliseconds(100)

  /// Moves every clock that is shifted by this file, as `closectl clock` does; each within
  /// `fileInterval`.
  public static func writeOffset(file: String, seconds: Int64) throws(ClockFileError) {
    try ClockFile.write(file, seconds: seconds)
  }
}
