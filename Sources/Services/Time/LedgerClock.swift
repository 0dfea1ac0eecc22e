import Billing
import Glibc
import Ledger
import Logging
import Synchronization

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

/// A file that holds the sandbox clock's offset: a whole number of seconds, negative is earlier.
enum ClockFile {
  /// A hundred years: keeps every sum of time and offset inside what an `Instant` can be.
  static let maxSeconds: Int64 = 100 * 366 * 86_400

  static func read(_ file: String) throws(ClockFileError) -> Int64 {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return 0 }
      throw .unusable(file: file, why: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw .unusable(file: file, why: String(cString: strerror(errno))) }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    guard let seconds = Int64(text.filter { !$0.isWhitespace }), seconds.magnitude <= maxSeconds
    else {
      throw .unusable(
        file: file,
        why: "expected a whole number of seconds, found \(count) bytes of something else")
    }
    return seconds
  }

  /// Replaces the file in one step: a reader sees the old offset or the new one.
  static func write(_ file: String, seconds: Int64) throws(ClockFileError) {
    guard seconds.magnitude <= maxSeconds else {
      throw .unusable(file: file, why: "an offset is at most \(maxSeconds) seconds")
    }
    // An unguessable name; the contents are no secret.
    let draft = "\(file).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    let text = "\(seconds)\n"
    let descriptor: CInt
    do throws(PrivateFileFault) {
      try PrivateFile.requireRegular(file)
      descriptor = try PrivateFile.create(draft, mode: 0o644)
    } catch {
      throw .unusable(file: file, why: error.why)
    }
    let written = Glibc.write(descriptor, text, text.utf8.count)
    close(descriptor)
    guard written == text.utf8.count, rename(draft, file) == 0 else {
      let why = String(cString: strerror(errno))
      unlink(draft)
      throw .unusable(file: file, why: why)
    }
  }
}

public enum ClockFileError: Error, Equatable, CustomStringConvertible {
  case unusable(file: String, why: String)

  public var description: String {
    switch self {
    case .unusable(let file, let why): "the clock file \(file) cannot be used: \(why)"
    }
  }
}
