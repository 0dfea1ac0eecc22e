import Billing
import Glibc
import Synchronization

/// The sandbox's time: the machine's, shifted by the number of seconds in a file.
///
/// The services of a sandbox run read the same file, so that a grace of days passes in seconds. The
/// file is read again after `pauseMilliseconds`. If it is missing, the offset is 0; if it is
/// unreadable (half written), the last good offset stays.
final class SandboxClock: Sendable {
  private struct Look {
    var offset: Int64 = 0
    var at: Int64?
  }

  /// A hundred years: keeps the sum within the range of an `Instant`.
  private static let mostSeconds: Int64 = 100 * 366 * 86_400

  private let file: String?
  private let pauseMilliseconds: Int64
  private let last = Mutex(Look())

  init(file: String?, pauseMilliseconds: Int64 = 100) {
    self.file = file
    self.pauseMilliseconds = pauseMilliseconds
  }

  func now() -> Instant {
    let machine = Self.milliseconds(CLOCK_REALTIME)
    guard let file else { return Instant(milliseconds: machine) }
    let steady = Self.milliseconds(CLOCK_MONOTONIC)
    let offset = last.withLock { last in
      if last.at.map({ steady >= $0 + pauseMilliseconds }) ?? true {
        last = Look(offset: Self.offset(in: file) ?? last.offset, at: steady)
      }
      return last.offset
    }
    return Instant(milliseconds: machine + offset)
  }

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// In milliseconds; `nil` unless the file holds a whole number of seconds.
  private static func offset(in file: String) -> Int64? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    guard let seconds = Int64(text.filter { !$0.isWhitespace }), seconds.magnitude <= mostSeconds
    else { return nil }
    return seconds * 1_000
  }
}
