import Billing
import Foundation
import Glibc
import Ledger
import Testing

/// Every write takes the file lock; no read does.
@Suite struct LockTests {
  private func opened(_ folder: URL) async throws -> LedgerStore {
    try await openStore(
      "sqlite:\(folder.path)/store.db", migrate: true, lockTimeout: .seconds(300))
  }

  private func lockDescriptor(_ folder: URL) throws -> CInt {
    let descriptor = open("\(folder.path)/store.db.lock", O_RDWR | O_CLOEXEC)
    try #require(descriptor >= 0)
    return descriptor
  }

  @Test func `Lock is held during a write and free after it`() async throws {
    try await withFolder { folder in
      let store = try await opened(folder)
      let descriptor = try lockDescriptor(folder)
      defer { close(descriptor) }
      let seen = Seen()
      _ = try await store.importUsage(skipBad: false, at: noon) {
        seen.code = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
        return nil
      }
      #expect(seen.code == EWOULDBLOCK)
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      flock(descriptor, LOCK_UN)
      try await store.close()
    }
  }

  /// A lock held elsewhere stops writers and openers, not readers.
  @Test func `Readers do not wait for the lock`() async throws {
    try await withFolder { folder in
      let store = try await opened(folder)
      try await store.add(sampleAccount())
      let descriptor = try lockDescriptor(folder)
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      async let issued = store.issue()
      for _ in 0..<20 { #expect(try await store.facts().position == 0) }
      close(descriptor)
      #expect(try await issued == .committed([]))
      #expect(try await store.facts().position == 1)
      try await store.close()
    }
  }

  @Test(.enabled(if: LockProcess.isPossible))
  func `Writers of other processes take turns`() async throws {
    try await withFolder { folder in
      let store = try await opened(folder)
      try await store.add(sampleAccount())
      let other = try LockProcess(holding: "\(folder.path)/store.db.lock")
      async let issued = store.issue()
      // Our writer shows up as waiting before the other process lets go.
      while !other.isWaitedFor() { await Task.yield() }
      #expect(try await store.facts().position == 0)
      try other.release()
      #expect(try await issued == .committed([]))
      try await store.close()
    }
  }
}

private final class Seen: @unchecked Sendable {  // written by one import, read after it
  var code: CInt = -1
}
