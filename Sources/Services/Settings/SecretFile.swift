import Glibc

/// A file with one secret on one line, as container platforms mount them: behind links, often
/// readable by everybody in the container. It may also be a pipe from a shell.
enum SecretFile {
  struct Unusable: Error {
    let why: String
  }

  /// How long the other end of a pipe may take to write.
  private static let pipeSeconds = 5
  private static let largest = 8192

  static func read(_ file: String) throws(Unusable) -> String {
    // Do not wait forever for the other end of a FIFO to be opened.
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

/// What other users on the machine may do with a secret file.
enum FileRights {
  /// Anybody may replace the secret, or the file is of the wrong kind.
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

  /// Any user on the machine can read the file: it and every folder above it are open to all.
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
