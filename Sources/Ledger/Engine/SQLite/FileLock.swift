import Glibc

/// The advisory lock of a store: `flock` on the file `PATH.lock`.
///
/// Everything that writes takes it: write transactions, checkpoints, migrations, and the last
/// closing. SQLite before 3.51.3 can lose a commit when one connection checkpoints the WAL while
/// another starts it anew; under this lock the two never meet. The kernel keeps the waiters, so
/// that writers need not ask again and again. It blocks its thread: never take it on a thread of
/// Swift's shared pool.
///
/// One `FileLock` excludes others, in this process and elsewhere, but not itself. A lock file that
/// is deleted while in use would let two programs write at once, so that is looked for every time.
package final class FileLock: Sendable {
  let path: String
  private let descriptor: CInt
  /// `false` only where a test takes the guard away.
  private let isTaken: Bool

  /// `mode`: who may take it: for that the file need only be opened.
  package init(
    path: String, mode: mode_t = PrivateFile.ownersOnly, isTaken: Bool = true
  ) throws {
    self.path = path
    self.isTaken = isTaken
    do throws(PrivateFileFault) {
      descriptor = try PrivateFile.open(path, mode: mode)
    } catch {
      throw Self.fault(error, path)
    }
  }

  deinit {
    // The descriptor is ours and open; an error here can be reported to no one.
    _ = Glibc.close(descriptor)
  }

  package func withLock<Value>(
    atMost limit: Duration = SQLiteStore.usualLockTimeout, _ body: () throws -> Value
  ) throws -> Value {
    try withLock(LockWait(atMost: limit), body)
  }

  func withLock<Value>(_ wait: LockWait, _ body: () throws -> Value) throws -> Value {
    guard isTaken else { return try body() }
    switch wait.lock(descriptor) {
    case 0: break
    case EWOULDBLOCK:
      let holder = FileIdentity(descriptor: descriptor).flatMap(LockHolder.of)
      throw StoreError.locked(path, heldBy: holder, seconds: wait.seconds)
    case let code: throw StoreError.unreachable("\(path): \(String(cString: strerror(code)))")
    }
    defer { flock(descriptor, LOCK_UN) }
    guard isInPlace else { throw FileIdentity.moved(path) }
    return try body()
  }

  /// Whether the file is still the one its name refers to.
  var isInPlace: Bool { FileIdentity(descriptor: descriptor) == FileIdentity(path: path) }

  private static func fault(_ fault: PrivateFileFault, _ path: String) -> StoreError {
    let store = String(path.dropLast(".lock".count))
    return switch fault {
    case .notRegular: .invalid("\(fault)")
    case .system(_, EROFS), .system(_, EACCES), .system(_, EPERM): .readOnly(store)
    case .system(_, ENOSPC), .system(_, EDQUOT): .full(store)
    case .system: .unreachable("\(fault)")
    }
  }
}

/// Identifies a file, whatever its name: a file that is moved or deleted while open is still
/// written to, and nobody would ever read it again.
struct FileIdentity: Equatable, Sendable {
  private let device: UInt
  private let inode: UInt

  /// `nil` when there is no such file.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init?(descriptor: CInt) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// As `/proc/locks` names it: device and file.
  var nameInLocks: String {
    let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
    let minor = device & 0xff | (device >> 12) & ~0xff & 0xffff_ffff
    return "\(Self.hexadecimal(major)):\(Self.hexadecimal(minor)):\(inode)"
  }

  private static func hexadecimal(_ number: UInt) -> String {
    let digits = String(number, radix: 16)
    return digits.count < 2 ? "0" + digits : digits
  }

  static func gone(_ path: String) -> StoreError {
    .unreachable("\(path) no longer exists: it was moved or deleted while in use")
  }

  static func replaced(_ path: String) -> StoreError {
    .unreachable("\(path) was replaced while in use: restart this program")
  }

  static func moved(_ path: String) -> StoreError {
    .unreachable("\(path) was moved, deleted or replaced while in use")
  }
}
