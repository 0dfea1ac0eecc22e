import Billing
import Foundation
import Glibc
import Testing

@testable import Ledger

/// Nobody waits for the lock for ever, and whoever gives up says who has it.
@Suite(.timeLimit(.minutes(3)), .enabled(if: LockProcess.isPossible)) struct BoundedLockTests {
  /// A store with an account, and a process that holds its lock.
  private func withHeldLock(
    timeout: Duration, _ body: (LedgerStore, LockProcess, _ path: String) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      try await SQLiteStore.open(path: path, migrate: true).add(sampleAccount())
      let store = try await SQLiteStore.open(path: path, migrate: false, lockTimeout: timeout)
      let other = try LockProcess(holding: path + ".lock")
      try await body(store, other, path)
      try other.release()
      #expect(try await store.issue() == .committed([]))
      try await store.close()
    }
  }

  private func fault(_ store: LedgerStore) async -> StoreError? {
    await #expect(throws: StoreError.self) { try await store.issue() }
  }

  @Test func `Lock that is not let go is named with its holder`() async throws {
    try await withHeldLock(timeout: .milliseconds(300)) { store, other, path in
      let began = SteadyClock.seconds()
      let holder = LockHolder(processID: other.id, program: "flock", isStopped: false)
      #expect(await fault(store) == .locked(path + ".lock", heldBy: holder, seconds: 0))
      #expect((0.3..<30).contains(SteadyClock.seconds() - began))
    }
  }

  @Test func `Stopped holder is said to be stopped`() async throws {
    try await withHeldLock(timeout: .milliseconds(100)) { store, other, path in
      try await other.stop()
      let said = await fault(store)?.description
      #expect(
        said == "the store cannot be written to: waited 0 s for its lock \(path).lock, "
          + "held by process \(other.id) (flock), which is stopped")
    }
  }

  /// The time counts from the call: those that stand in line do not wait one after the other.
  @Test func `Writes in line give up together`() async throws {
    try await withHeldLock(timeout: .seconds(8)) { store, _, _ in
      let began = SteadyClock.seconds()
      let locked = await withTaskGroup(of: StoreError?.self) { group in
        for _ in 0..<8 { group.addTask { await fault(store) } }
        return await group.reduce(0) { $0 + ($1?.isLocked == true ? 1 : 0) }
      }
      #expect(locked == 8)
      #expect(SteadyClock.seconds() - began < 40)
    }
  }

  @Test func `Cancelled write waits only a moment longer`() async throws {
    try await withHeldLock(timeout: .seconds(60)) { store, other, _ in
      let writing = Task { await fault(store) }
      while !other.isWaitedFor() { try await Task.sleep(for: .milliseconds(20)) }
      let began = SteadyClock.seconds()
      writing.cancel()
      #expect(await writing.value?.isLocked == true)
      #expect(SteadyClock.seconds() - began < 40)
    }
  }

  @Test func `Store opens reads and closes while the lock is held`() async throws {
    try await withHeldLock(timeout: .milliseconds(100)) { _, _, path in
      let began = SteadyClock.seconds()
      let another = try await SQLiteStore.open(
        path: path, migrate: false, lockTimeout: .milliseconds(100))
      #expect(try await another.facts().position == 0)
      try await another.close()
      #expect(SteadyClock.seconds() - began < 40)
    }
  }

  /// The signal that ends a wait is the process's own: many waits in a row each end by it.
  @Test func `Every wait ends`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("waits-\(UUID().uuidString)").path
    defer { unlink(folder) }
    let lock = try FileLock(path: folder)
    let holder = open(folder, O_RDWR | O_CLOEXEC)
    defer { close(holder) }
    #expect(flock(holder, LOCK_EX) == 0)
    for _ in 0..<40 {
      #expect(throws: StoreError.self) { try lock.withLock(atMost: .milliseconds(5)) {} }
    }
  }
}

extension StoreError {
  fileprivate var isLocked: Bool { if case .locked = self { true } else { false } }
}
