import Glibc
import Ledger

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
