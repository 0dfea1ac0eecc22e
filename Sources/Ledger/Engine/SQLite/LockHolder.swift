import Foundation
import Glibc

/// The process that holds a file lock, as far as the kernel shows it.
public struct LockHolder: Equatable, Sendable, CustomStringConvertible {
  public var processID: Int32
  /// Its program; empty if unknown.
  public var program: String
  /// Stopped, by a signal or a debugger: it releases nothing until it is resumed.
  public var isStopped: Bool

  public init(processID: Int32, program: String, isStopped: Bool) {
    self.processID = processID
    self.program = program
    self.isStopped = isStopped
  }

  public var description: String {
    "process \(processID)" + (program.isEmpty ? "" : " (\(program))")
      + (isStopped ? ", which is stopped" : "")
  }

  /// Looked up in `/proc/locks`; `nil` if no process holds the lock, or only one that is not
  /// visible from here, for instance in another container.
  static func of(_ file: FileIdentity) -> LockHolder? {
    guard let found = holdingProcess(of: file), found > 0 else { return nil }
    return LockHolder(
      processID: found,
      program: text("/proc/\(found)/comm").trimmingCharacters(in: .whitespacesAndNewlines),
      isStopped: isStopped(found))
  }

  /// A list that changes while it is read may lack a line.
  private static func holdingProcess(of file: FileIdentity) -> Int32? {
    for _ in 0..<10 {
      let locks = text("/proc/locks").split(separator: "\n")
      if let found = locks.lazy.compactMap({ holder(in: $0, of: file) }).first { return found }
      usleep(2000)
    }
    return nil
  }

  /// `12: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF`; one that waits has `->` after its number.
  private static func holder(in line: Substring, of file: FileIdentity) -> Int32? {
    let words = line.split(separator: " ")
    guard words.count > 5, words[1] == "FLOCK", words[5] == file.nameInLocks else { return nil }
    return Int32(words[4])
  }

  private static func isStopped(_ processID: Int32) -> Bool {
    let status = text("/proc/\(processID)/stat")
    // After the program's name in parentheses, which may hold anything.
    guard let name = status.lastIndex(of: ")") else { return false }
    return ["T", "t"].contains(status[name...].dropFirst(2).prefix(1))
  }

  /// Empty where it cannot be read: then there is nothing to tell. Read to its end: the kernel
  /// hands over a page at a time, and taking a short page for the last one would miss locks.
  static func text(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var page = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(descriptor, &page, page.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += page[..<count]
    }
  }
}
