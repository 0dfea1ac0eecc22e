import Glibc

/// A file that holds one secret on one line, as container platforms mount them: behind links, often
/// readable for everybody in the container. A shell may put a pipe there.
enum SecretFile {
  struct Unusable: Error {
    let why: String
  }

  /// How long the other end of a pipe may take to write.
  private static let pipeSeconds = 5
  private static let largest = 8192

  static func read(_ file: String) throws(Unusable) -> String {
    // Not to wait for ever for somebody to open the other end of a FIFO.
    let descriptor = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Unusable(errno) }
    defer { close(descriptor) }
    if let why = FileRights.whyUnsafe(descriptor) { throw Unusable(why: why) }
    var line = try bytes(descriptor)[...]
    while line.last == UInt8(ascii: "\n") || line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty, !line.contains(UInt8(ascii: "\n")) else {
      throw Unusable(why: line.isEmpty ? "an empty line" : "several lines")
    }
    return String(decoding: line, as: UTF8.self)
  }

  private static func bytes(_ descriptor: CInt) throws(Unusable) -> [UInt8] {
    var all: [UInt8] = []
    while all.count < largest {
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, CInt(pipeSeconds * 1000)) > 0 else {
        throw Unusable(why: "a FIFO without a writer for \(pipeSeconds) s")
      }
      var bytes = [UInt8](repeating: 0, count: largest - all.count)
      let count = Glibc.read(descriptor, &bytes, bytes.count)
      guard count >= 0 else { throw Unusable(errno) }
      if count == 0 { break }
      all += bytes[..<count]
    }
    guard !all.isEmpty, all.count < largest else {
      throw Unusable(why: "\(all.count) bytes or more")
    }
    return all
  }
}

extension SecretFile.Unusable {
  fileprivate init(_ code: CInt) { self.init(why: String(cString: strerror(code))) }
}

/// What strangers on the machine may do with a file that holds a secret.
enum FileRights {
  /// Anybody may put another secret there, or it is nothing that holds one.
  static func whyUnsafe(_ descriptor: CInt) -> String? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      return status.st_mode & 0o002 == 0
        ? nil : "one that every user on this machine may write to (chmod o-w)"
    case S_IFIFO: return nil
    case S_IFDIR: return "a directory"
    default: return "a device"
    }
  }

  /// Any user of the machine can read the file: it is open to all, and so is every folder above it.
  static func isOpenToAll(_ file: String) -> Bool {
    guard let real = realpath(file, nil) else { return false }
    defer { free(real) }
    var status = stat()
    var path = String(cString: real)
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_mode & 0o004 != 0
    else { return false }
    while let slash = path.lastIndex(of: "/") {
      path = String(path[..<slash])
      guard stat(path.isEmpty ? "/" : path, &status) == 0, status.st_mode & 0o001 != 0 else {
        return false
      }
    }
    return true
  }
}
