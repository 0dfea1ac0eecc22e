import Glibc

/// Which file it is, whatever its name: a file that was moved or deleted while it is open is still
/// written to, and nobody would ever read that again.
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

  static func moved(_ path: String) -> StoreError {
    .unreachable("\(path) was moved, deleted or replaced while it was in use")
  }
}
