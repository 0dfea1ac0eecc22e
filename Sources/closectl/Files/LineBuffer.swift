import Glibc

/// A window that moves over a file's bytes, line by line, in bounded memory.
final class LineBuffer {
  enum Line {
    /// Ends at this index: a line feed, or the end of the file.
    case line(end: Int)
    case tooLong
    case end
  }

  let bytes: UnsafeMutablePointer<UInt8>
  /// The unread bytes start here and end at `filled`.
  private(set) var position = 0
  private(set) var filled = 0
  private(set) var atEnd = false

  private let file: FileBytes
  private let longestLine: Int
  private let capacity: Int
  private var started = false

  init(_ file: FileBytes, longestLine: Int) {
    self.file = file
    self.longestLine = longestLine
    capacity = 4 * longestLine
    bytes = .allocate(capacity: capacity)
  }

  deinit { bytes.deallocate() }

  func line() throws -> Line {
    if !started { try start() }
    var searched = position
    while true {
      if let found = memchr(bytes + searched, 10, filled - searched) {
        return .line(end: found - UnsafeMutableRawPointer(bytes))
      }
      if filled - position > longestLine { return .tooLong }
      if atEnd { return position < filled ? .line(end: filled) : .end }
      let unread = filled - position
      try refill()
      searched = unread
    }
  }

  func advance(past end: Int) { position = min(end + 1, filled) }

  func drop(_ count: Int) { position += min(count, filled - position) }

  /// The end of a line without its carriage return.
  func withoutReturn(_ start: Int, _ end: Int) -> Int {
    end > start && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
  }

  /// Moves the unread bytes to the front and reads more behind them.
  func refill() throws {
    let rest = filled - position
    memmove(bytes, bytes + position, rest)
    position = 0
    filled = rest
    let free = UnsafeMutableBufferPointer(start: bytes + rest, count: capacity - rest)
    let count = try file.read(into: free)
    filled += count
    if count == 0 { atEnd = true }
  }

  /// Refuses anything that is not text, and skips a UTF-8 byte order mark, which spreadsheets
  /// write.
  private func start() throws {
    started = true
    while filled < ForeignFormat.window, !atEnd { try refill() }
    if let what = ForeignFormat.fault(of: UnsafeBufferPointer(start: bytes, count: filled)) {
      throw FileFault(file.path, what)
    }
    if filled >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { position = 3 }
  }
}
