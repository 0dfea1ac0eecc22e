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
