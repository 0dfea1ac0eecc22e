import Glibc
import Logging
import Synchronization

/// The offset of a clock file, read again when the file has changed.
final class ClockOffset: Sendable {
  private struct State {
    var seconds: Int64
    var isWarned = false
    var nextLook: ContinuousClock.Instant
    var seen: FileMark?
  }

  /// What changes when the file is replaced or written again.
  private struct FileMark: Equatable {
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  private let pause: Duration
  private let file: String
  private let logger: Logger?
  private let state: Mutex<State>

  /// `pause`: the real time between two looks at the file.
  init(
    file: String, pause: Duration = LedgerClock.fileInterval, logger: Logger?
  ) throws(ClockFileError) {
    self.file = file
    self.pause = pause
    self.logger = logger
    // Marked before it is read: a change in between is seen at the next look.
    let seen = Self.mark(of: file)
    let seconds = try ClockFile.read(file)
    state = Mutex(.init(seconds: seconds, nextLook: .now + pause, seen: seen))
  }

  func seconds() -> Int64 {
    let now = ContinuousClock.now
    return state.withLock { state in
      if now >= state.nextLook {
        state.nextLook = now + pause
        look(&state)
      }
      return state.seconds
    }
  }

  private func look(_ state: inout State) {
    let mark = Self.mark(of: file)
    guard mark != state.seen else { return }
    state.seen = mark
    do {
      state.seconds = try ClockFile.read(file)
      state.isWarned = false
    } catch {
      if !state.isWarned {
        logger?.warning("clock offset left unchanged", metadata: ["why": "\(error)"])
      }
      state.isWarned = true
    }
  }

  private static func mark(of file: String) -> FileMark? {
    var found = stat()
    guard stat(file, &found) == 0 else { return nil }
    return FileMark(
      inode: UInt64(found.st_ino), size: Int64(found.st_size), seconds: found.st_mtim.tv_sec,
      nanoseconds: found.st_mtim.tv_nsec)
  }
}
