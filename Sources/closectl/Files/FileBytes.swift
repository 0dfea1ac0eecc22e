import CZlib
import Glibc

/// The bytes of a file in pieces; gzip data, recognised by its first two bytes, is inflated on the
/// way.
/// A file that ends in the middle of its compressed data, or has other bytes after it, is an error:
/// half a file must not look like a whole one.
final class FileBytes {
  let path: String
  /// Bytes on disk; 0 when it is not known (a pipe).
  let size: Int64
  /// Bytes taken from the disk so far, for progress.
  private(set) var consumed: Int64 = 0

  private static let chunk = 128 * 1024
  private let descriptor: Int32
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: chunk)
  private var available = 0
  private var position = 0
  private var inflater: Inflater?
  private var started = false

  init(_ path: String) throws {
    self.path = path
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      input.deallocate()
      throw FileFault(path, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    size = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  deinit {
    Glibc.close(descriptor)
    input.deallocate()
  }

  /// Fills `target` from its beginning, at least one byte; 0 at the end of the file.
  func read(into target: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
    if !started { try start() }
    guard let inflater else { return try readPlain(into: target) }
    while true {
      if position == available { try refill() }
      guard available > 0 else {
        if inflater.isBetweenMembers { return 0 }
        throw FileFault(path, "the gzip data is cut off: the file is not complete")
      }
      let rest = UnsafeBufferPointer(start: input + position, count: available - position)
      let step = inflater.inflate(rest, into: target)
      position += step.consumed
      switch step.state {
      case .running: break
      case .damaged(let why): throw FileFault(path, "the gzip data is damaged: \(why)")
      }
      if step.produced > 0 { return step.produced }
    }
  }

  private func start() throws {
    started = true
    // Two bytes are needed to decide; a pipe may deliver them one by one.
    while available < 2 {
      let count = try readDisk(input + available, Self.chunk - available)
      if count == 0 { break }
      available += count
    }
    if available >= 2, input[0] == 0x1f, input[1] == 0x8b {
      inflater = Inflater()
    } else if path.hasSuffix(".gz") {
      throw FileFault(path, "is named .gz but contains no gzip data")
    }
  }

  private func readPlain(into target: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
    guard position < available else {
      return try readDisk(target.baseAddress!, target.count)
    }
    let count = min(target.count, available - position)
    target.baseAddress!.update(from: input + position, count: count)
    position += count
    return count
  }

  private func refill() throws {
    position = 0
    available = try readDisk(input, Self.chunk)
  }

  private func readDisk(_ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) throws -> Int {
    while true {
      let count = Glibc.read(descriptor, target, capacity)
      if count >= 0 {
        consumed += Int64(count)
        return count
      }
      if errno != EINTR {
        throw FileFault(path, "cannot be read: \(String(cString: strerror(errno)))")
      }
    }
  }
}

/// zlib's inflate over concatenated gzip members.
final class Inflater {
  enum State: Equatable {
    case running
    case damaged(String)
  }
  struct Step {
    var consumed: Int
    var produced: Int
    var state: State
  }

  /// On the heap: zlib keeps a pointer to it.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  /// True before the first and after each complete member: here the data may end.
  private(set) var isBetweenMembers = true
  private var padding = false

  init() {
    stream.initialize(to: z_stream())
    // 15 bits of window, plus 16 for the gzip format. It fails only when out of memory.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib cannot start: \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func inflate(
    _ input: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) -> Step {
    if isBetweenMembers, let step = skipPadding(input) { return step }
    isBetweenMembers = false
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = target.baseAddress
    stream.pointee.avail_out = UInt32(target.count)
    let code = CZlib.inflate(stream, Z_NO_FLUSH)
    var step = Step(
      consumed: input.count - Int(stream.pointee.avail_in),
      produced: target.count - Int(stream.pointee.avail_out), state: .running)
    switch code {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      isBetweenMembers = true
      inflateReset(stream)
    default:
      step.state = .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)")
    }
    return step
  }

  /// Zero bytes may follow the last member (tapes, aligned copies); nothing may follow those.
  private func skipPadding(_ input: UnsafeBufferPointer<UInt8>) -> Step? {
    let zeros = input.prefix { $0 == 0 }.count
    if zeros > 0 { padding = true }
    guard padding else { return nil }
    let state: State = zeros == input.count ? .running : .damaged("other bytes follow its end")
    return Step(consumed: zeros, produced: 0, state: state)
  }
}

/// Recognises a file that is neither UTF-8 text nor gzip by its first bytes, whatever its name, so
/// that the error can name the format and say how to get a readable file.
enum ForeignFormat {
  /// How many bytes are examined, if there are that many.
  static let window = 512

  private static let asCSV = "save the sheet as \"CSV UTF-8\" and import that file"
  private static let marks: [(bytes: [UInt8], what: String)] = [
    ([0xff, 0xfe, 0x00, 0x00], "is text in UTF-32: save it as UTF-8"),
    ([0x00, 0x00, 0xfe, 0xff], "is text in UTF-32: save it as UTF-8"),
    ([0xff, 0xfe], "is text in UTF-16: save it as UTF-8"),
    ([0xfe, 0xff], "is text in UTF-16: save it as UTF-8"),
    ([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "is an Excel workbook (.xls): \(asCSV)"),
    (Array("%PDF".utf8), "is a PDF document"),
    (Array("PAR1".utf8), "is a Parquet file: convert it to CSV"),
    (Array("BZh".utf8), "is compressed with bzip2: unpack it, or use gzip"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "is compressed with xz: unpack it, or use gzip"),
    ([0x28, 0xb5, 0x2f, 0xfd], "is compressed with zstd: unpack it, or use gzip"),
    ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "is a 7-Zip archive: unpack it, or use gzip"),
  ]

  /// `nil` for what may be text.
  static func fault(of start: UnsafeBufferPointer<UInt8>) -> String? {
    let start = start.prefix(window)
    let isZip = [[0x50, 0x4b, 0x03, 0x04], [0x50, 0x4b, 0x05, 0x06]].contains {
      start.starts(with: $0)
    }
    if isZip { return zip(start) }
    if let known = marks.first(where: { start.starts(with: $0.bytes) }) { return known.what }
    return hasZeroInEveryPair(start) ? "is text in UTF-16: save it as UTF-8" : nil
  }

  /// A workbook says in its first entries what it is.
  private static func zip(_ start: Slice<UnsafeBufferPointer<UInt8>>) -> String {
    let names = String(decoding: start, as: UTF8.self)
    if names.contains("opendocument.spreadsheet") {
      return "is an OpenDocument spreadsheet (.ods): \(asCSV)"
    }
    if names.contains("[Content_Types].xml") || names.contains("xl/") {
      return "is an Excel workbook (.xlsx): \(asCSV)"
    }
    return "is a zip archive, as Excel workbooks (.xlsx) are: \(asCSV), or unpack the archive"
  }

  /// UTF-16 without a byte order mark: ASCII has a zero byte in every pair there, and text in UTF-8
  /// has none at all.
  private static func hasZeroInEveryPair(_ start: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let first = Array(start.prefix(16))
    guard first.count >= 4 else { return false }
    let pairs = stride(from: 0, to: first.count - 1, by: 2)
    return pairs.allSatisfy { (first[$0] == 0) != (first[$0 + 1] == 0) }
  }
}
