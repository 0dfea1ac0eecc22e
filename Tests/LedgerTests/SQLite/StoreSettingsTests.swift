import Billing
import Foundation
import Testing

@testable import Ledger

@Suite struct StoreSettingsTests {
  /// Setting and the value that is read back from the writing connection.
  @Test(arguments: [
    ("synchronous", Int64(2)), ("wal_autocheckpoint", 0), ("mmap_size", 0), ("foreign_keys", 1),
  ])
  func `Setting is in force`(_ name: String, _ value: Int64) async throws {
    try await withSQLite { store, _ in
      let found = try await store.inspectWriter {
        try $0.integer("PRAGMA \(name)")
      }
      #expect(found == value)
    }
  }

  @Test func `Journal is a write ahead log`() async throws {
    try await withSQLite { store, _ in
      let mode = try await store.inspectWriter { database in
        try database.text("PRAGMA journal_mode")
      }
      #expect(mode == "wal")
    }
  }

  @Test func `Readers cannot write`() async throws {
    try await withSQLite { store, path in
      await #expect(throws: StoreError.readOnly(path)) {
        try await store.connections.read { try $0.run("DELETE FROM accounts") }
      }
    }
  }

  @Test func `Nothing is checkpointed before the log has grown`() async throws {
    try await withSQLite { store, path in
      let before = try size(path)
      for number in 0..<200 { try await store.add(sampleAccount("account-\(number)")) }
      #expect(try size(path) == before)
      #expect(try size(path + "-wal") > 1_000_000)
    }
  }

  @Test func `Grown log is brought back and emptied`() async throws {
    try await withSQLite { store, path in
      try await fill(store)
      #expect(try size(path + "-wal") == 0)
      #expect(try size(path) > Checkpointing.usualBytes)
    }
  }

  /// A reader that is in the way costs the log its truncation, not the commit; the next one heals.
  @Test func `Reader delays the checkpoint only`() async throws {
    try await withSQLite { store, path in
      try await store.add(sampleAccount())
      let (started, gate) = (Gate(), Gate())
      async let read: Int64? = store.connections.read { database in
        let before = try database.integer("SELECT count(*) FROM accounts")
        started.open()
        gate.wait()
        return before
      }
      await started.opened()
      try await fill(store)
      #expect(try size(path + "-wal") > Checkpointing.usualBytes)
      gate.open()
      #expect(try await read == 1)
      try await fill(store, "more")
      #expect(try size(path + "-wal") == 0)
      #expect(try await store.problems() == [])
    }
  }

  private func fill(_ store: LedgerStore, _ prefix: String = "big") async throws {
    let name = String(repeating: "x", count: 1 << 20)
    let rows = (0..<36).map { number in
      var account = sampleAccount("\(prefix)-\(number)")
      account.name = name
      return (account: account, line: number)
    }
    _ = try await store.importAccounts(rows, at: noon)
  }

  private func size(_ path: String) throws -> Int64 {
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
    return try #require(size)
  }
}

/// Opened once, from any thread.
private final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func open() { semaphore.signal() }
  func wait() { semaphore.wait() }

  func opened() async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        self.wait()
        continuation.resume()
      }
    }
  }
}

func withSQLite(_ body: (LedgerStore, _ path: String) async throws -> Void) async throws {
  try await withFolder { folder in
    let path = "\(folder.path)/store.db"
    let store = try await SQLiteStore.open(path: path, migrate: true)
    try await body(store, path)
    try await store.close()
  }
}
