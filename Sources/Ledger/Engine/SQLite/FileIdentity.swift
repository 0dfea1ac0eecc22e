import Glibc

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
