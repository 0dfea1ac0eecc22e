import Glibc
import Synchronization

/// Standard error, for log lines. Its reader must not hold a service up: a line that cannot be
/// written is dropped, because the reader is gone, the disk is full, or a pipe has stayed full for
/// a moment. Once it is writable again, a line reports how many are missing.
final class LogSink: Sendable {
  static let standardError = LogSink(STDERR_FILENO)

  private struct State {
    var dropped = 0
  }
  private let descriptor: CInt
  private let state = Mutex(State())
  /// How long a line waits for room; none waits while earlier ones are missing.
  private static let patienceMilliseconds: CInt = 500
  /// The room a writable pipe has at least.
  private static let piece = Int(PIPE_BUF)

  init(_ descriptor: CInt) { self.descriptor = descriptor }

  /// One at a time: if several find room, only one may use it. `missing`: the line that reports how
  /// many lines are missing before this one.
  func write(_ line: [UInt8], missing: (Int) -> [UInt8] = LogSink.plainNotice) {
    state.withLock { state in
      if state.dropped > 0 && hasRoom(0) {
        if writeWhole(missing(state.dropped), waiting: 0) { state.dropped = 0 }
      }
      let wait = state.dropped > 0 ? 0 : Self.patienceMilliseconds
      if !writeWhole(line, waiting: wait) { state.dropped += 1 }
    }
  }

  static func plainNotice(_ count: Int) -> [UInt8] {
    Array("\(count) lines are missing here: they could not be written\n".utf8)
  }

  private func writeWhole(_ line: [UInt8], waiting milliseconds: CInt) -> Bool {
    line.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        guard hasRoom(milliseconds) else { return false }
        let count = Glibc.write(
          descriptor, bytes.baseAddress! + done, min(bytes.count - done, Self.piece))
        if count < 0 && errno != EINTR && errno != EAGAIN { return false }
        done += max(count, 0)
      }
      return true
    }
  }

  private func hasRoom(_ milliseconds: CInt) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&watched, 1, milliseconds) == 1 && CInt(watched.revents) & POLLOUT != 0
  }
}
