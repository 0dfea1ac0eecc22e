import Glibc

/// A file that holds one secret on one line, as container platforms mount them.
enum SecretFile {
  struct Unusable: Error {
    let why: String
  }

  static func read(_ file: String) throws(Unusable) -> String {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Unusable(why: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw Unusable(why: String(cString: strerror(errno))) }
    guard count > 0, count < bytes.count else { throw Unusable(why: "\(count) bytes or more") }
    var line = bytes[..<count]
    while line.last == UInt8(ascii: "\n") || line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty, !line.contains(UInt8(ascii: "\n")) else {
      throw Unusable(why: line.isEmpty ? "an empty line" : "several lines")
    }
    return String(decoding: line, as: UTF8.self)
  }
}
