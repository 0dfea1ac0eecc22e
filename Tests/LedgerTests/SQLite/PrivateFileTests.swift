import Foundation
import Glibc
import Testing

@testable import Ledger

@Suite(.timeLimit(.minutes(1))) struct PrivateFileTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func `Files of a store are their owners alone`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      let store = try await SQLiteStore.open(path: path, migrate: true)
      try await store.add(sampleAccount())
      for suffix in ["", "-wal", "-shm", ".lock"] { #expect(mode(path + suffix) == 0o600) }
      try await store.close()
    }
  }

  /// As version 0.1.0 made them, and as a group of users may share them.
  @Test(arguments: [(0o644, 0o640, 0o600), (0o664, 0o660, 0o660), (0o666, 0o660, 0o660)])
  func `Strangers lose their rights`(
    _ before: Int, _ ledger: Int, _ lock: Int
  ) async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      try await SQLiteStore.open(path: path, migrate: true).close()
      for file in [path, path + ".lock"] { chmod(file, mode_t(before)) }
      try await SQLiteStore.open(path: path, migrate: false).close()
      #expect(mode(path) == mode_t(ledger))
      #expect(mode(path + ".lock") == mode_t(lock))
    }
  }

  /// Where a process opens a ledger that it has open already: closing a descriptor of a file drops
  /// every POSIX lock the process has on it, and with the lock on `-shm` gone, another process that
  /// opens the ledger truncates it.
  @Test func `Opening a ledger twice drops no lock of the first`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      let store = try await SQLiteStore.open(path: path, migrate: true)
      try await store.add(sampleAccount())
      let before = posixLocks(on: path + "-shm")
      #expect(before > 0, "void: SQLite holds no lock on it")
      try SQLiteFiles(path).protect(creating: false)
      #expect(posixLocks(on: path + "-shm") == before)
      try await store.close()
    }
  }

  private func posixLocks(on path: String) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    return LockHolder.text("/proc/locks").split(separator: "\n").count { line in
      let words = line.split(separator: " ")
      return words.count > 5 && words[1] == "POSIX" && words[4] == "\(getpid())"
        && words[5].hasSuffix(":\(status.st_ino)")
    }
  }

  enum Kind: CaseIterable { case link, danglingLink, fifo, directory }

  private func put(_ kind: Kind, at path: String, _ folder: URL) throws {
    switch kind {
    case .link:
      try Data().write(to: folder.appendingPathComponent("elsewhere"))
      symlink("\(folder.path)/elsewhere", path)
    case .danglingLink: symlink("\(folder.path)/nothing", path)
    case .fifo: mkfifo(path, 0o600)
    case .directory: mkdir(path, 0o700)
    }
  }

  @Test(arguments: Kind.allCases, ["store.db", "store.db.lock"])
  func `What is no file is refused`(_ kind: Kind, _ name: String) async throws {
    try await withFolder { folder in
      try put(kind, at: "\(folder.path)/\(name)", folder)
      let error = await #expect(throws: StoreError.self) {
        try await SQLiteStore.open(path: "\(folder.path)/store.db", migrate: true)
      }
      let said = error?.description ?? ""
      #expect(said.contains("/\(name): expected a regular file, found a "))
      #expect(access("\(folder.path)/nothing", F_OK) != 0)
      let behind = FileManager.default.contents(atPath: "\(folder.path)/elsewhere")
      #expect(behind?.isEmpty ?? true)
    }
  }
}
