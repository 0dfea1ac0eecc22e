import Glibc

/// Private files: ledgers and their locks, rejected rows, certificates. They are created for their
/// owner only, whatever the umask, and only as regular files: a link, a FIFO or a device in a
/// file's place is refused, because somebody else may have put it there.
package enum PrivateFile {
  package static let ownersOnly: mode_t = 0o600

  /// Creates a new file and opens it for writing; it is a fault if the name is already taken.
  package static func create(
    _ path: String, mode: mode_t = ownersOnly
  ) throws(PrivateFileFault) -> CInt {
    let descriptor = Glibc.open(
      path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw .system(path, errno) }
    // The umask may have removed more than others' rights.
    guard fchmod(descriptor, mode) == 0 else {
      let code = errno
      close(descriptor)
      throw .system(path, code)
    }
    return descriptor
  }

  /// Opens a file for reading and writing, and creates it if it is missing. An existing file is
  /// narrowed to `mode` if it is ours.
  package static func open(
    _ path: String, mode: mode_t = ownersOnly
  ) throws(PrivateFileFault) -> CInt {
    while true {
      do throws(PrivateFileFault) {
        return try create(path, mode: mode)
      } catch .system(_, EEXIST) {}  // somebody was first
      // Do not wait for the other end of a FIFO.
      let descriptor = Glibc.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      if descriptor < 0 && errno == ENOENT { continue }
      guard descriptor >= 0 else {
        let code = errno
        try requireRegular(path)
        throw .system(path, code)
      }
      do throws(PrivateFileFault) {
        try requireRegular(descriptor, path)
      } catch {
        close(descriptor)
        throw error
      }
      narrow(descriptor, to: mode)
      return descriptor
    }
  }

  /// The name refers to a regular file, or to nothing.
  package static func requireRegular(_ path: String) throws(PrivateFileFault) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw .system(path, errno)
    }
    if let kind = otherKind(status) { throw .notRegular(path, kind) }
  }

  private static func requireRegular(
    _ descriptor: CInt, _ path: String
  ) throws(PrivateFileFault) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, errno) }
    if let kind = otherKind(status) { throw .notRegular(path, kind) }
  }

  /// Removes rights that are not in `mode` from a file of ours; it is not possible for another
  /// user's. Does nothing for a missing file.
  ///
  /// The file is named and not opened (`O_PATH`): closing any descriptor of a file drops all POSIX
  /// locks that this process has on it. Without its lock on a ledger's `-shm`, SQLite in another
  /// process truncates that file, and this process ends with SIGBUS.
  package static func narrow(_ path: String, to mode: mode_t) {
    let descriptor = Glibc.open(path, namesOnly | O_NOFOLLOW | O_CLOEXEC)
    if descriptor < 0 { return }
    narrow(descriptor, to: mode)
    close(descriptor)
  }

  /// `O_PATH` of Linux on x86-64 and ARM, which Swift's Glibc does not show.
  private static let namesOnly: CInt = 0o1000_0000

  private static func narrow(_ descriptor: CInt, to mode: mode_t) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid() else { return }
    let rights = status.st_mode & 0o7777
    guard rights & ~mode != 0, status.st_mode & S_IFMT == S_IFREG else { return }
    // `fchmod` is refused for a descriptor that only names its file.
    _ = chmod("/proc/self/fd/\(descriptor)", rights & mode)
  }

  /// What it is, where it is no regular file.
  private static func otherKind(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFLNK: "a symbolic link"
    case S_IFDIR: "a directory"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}

package enum PrivateFileFault: Error, Equatable, CustomStringConvertible {
  case notRegular(String, String)
  case system(String, CInt)

  package var description: String {
    switch self {
    case .notRegular(let path, _), .system(let path, _): "\(path): \(why)"
    }
  }

  /// Without the path.
  package var why: String {
    switch self {
    case .notRegular(_, let kind): "expected a regular file, found \(kind)"
    case .system(_, let code): String(cString: strerror(code))
    }
  }
}
