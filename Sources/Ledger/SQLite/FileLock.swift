import Glibc

/// The advisory lock of a store: `flock` on the file `PATH.lock`.
///
/// Everything that writes takes it: write transactions, checkpoints, migrations, the first opening
/// and the last closing. SQLite before 3.51.3 can lose a commit when one connection checkpoints the
/// WAL while another starts it anew; under this lock the two never meet. The kernel serves waiters
/// in order, so it also queues writers fairly. It blocks its thread: never take it on a thread of
/// Swift's shared pool.
///
/// One `FileLock` excludes others, in this process and elsewhere, but not itself. A lock file that
/// is deleted while in use would let two programs write at once, so that is looked for every time.
package final class FileLock: Sendable {
  private let path: String
  private let descriptor: CInt
  /// `false` only where a test takes the guard away.
  private let isTaken: Bool

  package init(path: String, isTaken: Bool = true) throws {
    self.path = path
    self.isTaken = isTaken
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw Self.fault(errno, path) }
  }

  deinit {
    // The descriptor is ours and open; there is nobody to tell of an error here.
    _ = Glibc.close(descriptor)
  }

  package func withLock<Value>(_ body: () throws -> Value) throws -> Value {
    guard isTaken else { return try body() }
    while flock(descriptor, LOCK_EX) != 0 {
      let code = errno
      guard code == EINTR else {
        throw StoreError.unreachable("\(path): \(String(cString: strerror(code)))")
      }
    }
    defer { flock(descriptor, LOCK_UN) }
    guard FileIdentity(descriptor: descriptor) == FileIdentity(path: path) else {
      throw FileIdentity.moved(path)
    }
    return try body()
  }

  private static func fault(_ code: CInt, _ path: String) -> StoreError {
    switch code {
    case EROFS, EACCES, EPERM: .readOnly(String(path.dropLast(".lock".count)))
    case ENOSPC, EDQUOT: .full(String(path.dropLast(".lock".count)))
    default: .unreachable("\(path): \(String(cString: strerror(code)))")
    }
  }
}
