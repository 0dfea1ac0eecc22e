import Foundation
import Glibc

@testable import Ledger

/// `flock LOCKFILE cat` in a process of its own: holds the lock until its input ends.
struct LockProcess {
  static let isPossible =
    access("/usr/bin/flock", X_OK) == 0 && access("/proc/locks", R_OK) == 0

  private let process = Process()
  private let input = Pipe()
  private let inode: UInt64

  var id: Int32 { process.processIdentifier }

  init(holding path: String) throws {
    var status = stat()
    stat(path, &status)
    inode = UInt64(status.st_ino)
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    process.arguments = [path, "cat"]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // What comes back went through `cat`, which runs only under the lock.
    try input.fileHandleForWriting.write(contentsOf: Data("x".utf8))
    _ = try output.fileHandleForReading.read(upToCount: 1)
  }

  func isWaitedFor() -> Bool {
    LockHolder.text("/proc/locks").split(separator: "\n").contains {
      $0.contains("-> FLOCK") && $0.contains(":\(inode) ")
    }
  }

  /// Until the kernel says so.
  func stop() async throws {
    kill(id, SIGSTOP)
    while try !String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8).contains(") T ") {
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  func release() throws {
    kill(id, SIGCONT)
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
