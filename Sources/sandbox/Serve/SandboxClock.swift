import Billing
import Glibc
import Synchronization

/// The sandbox's time: the machine's, moved by the seconds that stand in a file.
///
/// The services of a sandbox run read the same file, so that a grace of days passes in seconds. The
/// file is read at most ten times a second; while it is missing or empty the offset is 0, and while
/// it cannot be understood the last good offset stays.
final class SandboxClock: Sendable {
  private let file: String?
  private let last = Mutex((offset: Int64(0), readAt: Int64.min))

  init(file: String?) { self.file = file }

  func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    guard let file else { return Instant(milliseconds: milliseconds) }
    let offset = last.withLock { last in
      if milliseconds >= last.readAt.addingReportingOverflow(100).partialValue
        || milliseconds < last.readAt || last.readAt == .min
      {
        last = (Self.offset(in: file) ?? last.offset, milliseconds)
      }
      return last.offset
    }
    return Instant(milliseconds: milliseconds + offset)
  }

  /// In milliseconds; `nil` when what stands there is not a whole number of seconds.
  private static func offset(in file: String) -> Int64? {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let word = text.split(whereSeparator: \.isWhitespace).first ?? ""
    guard !word.isEmpty else { return 0 }
    return Int64(word).map { $0 * 1_000 }
  }
}
