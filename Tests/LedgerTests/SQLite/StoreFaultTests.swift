import Billing
import Foundation
import GRDB
import Glibc
import Testing

@testable import Ledger

@Suite struct StoreFaultTests {
  @Test func `Full disk is named and the store goes on afterwards`() async throws {
    try await withSQLite { store, path in
      try await store.add(sampleAccount("before"))
      let pages = try await store.inspectWriter { database in
        try database.integer("PRAGMA max_page_count = 1") ?? 0  // SQLite makes it the present size
      }
      let error = await #expect(throws: StoreError.self) {
        var account = sampleAccount("big")
        account.name = String(repeating: "x", count: 1 << 20)
        try await store.add(account)
      }
      #expect(error == .full(path))
      #expect(pages > 1)
      _ = try await store.inspectWriter { database in
        try database.integer("PRAGMA max_page_count = 1000000")
      }
      try await store.add(sampleAccount("after"))
      #expect(try await store.accountIDs(after: nil, limit: 9) == ["after", "before"])
      #expect(try await store.problems() == [])
    }
  }

  @Test(.disabled(if: geteuid() == 0, "root may write to read-only files"))
  func `Read only file is named`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      try await SQLiteStore.open(path: path, migrate: true).close()
      chmod(path, 0o444)
      await #expect(throws: StoreError.readOnly(path)) {
        try await openStore("sqlite:\(path)", migrate: false)
      }
    }
  }

  @Test func `File that is no database is damaged`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      try Data("account_id,name\n".utf8 + Array(repeating: 65, count: 5000)).write(
        to: URL(fileURLWithPath: path))
      let error = await #expect(throws: StoreError.self) {
        try await openStore("sqlite:\(path)", migrate: true)
      }
      #expect(error?.description.contains("damaged: \(path)") == true)
    }
  }

  @Test func `Broken pages are found when a small store is opened`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      let store = try await SQLiteStore.open(path: path, migrate: true)
      try await store.add(sampleAccount())
      try await store.close()
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      for page in 4..<20 {
        try file.seek(toOffset: UInt64(page * 4096))
        try file.write(contentsOf: Data(repeating: 0x5A, count: 64))
      }
      try file.close()
      let error = await #expect(throws: StoreError.self) {
        try await openStore("sqlite:\(path)", migrate: false)
      }
      #expect(error?.description.contains("damaged") == true)
    }
  }

  @Test func `Missing folder is named`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/missing/store.db"
      let error = await #expect(throws: StoreError.self) {
        try await openStore("sqlite:\(path)", migrate: true)
      }
      #expect(error?.description.contains(path) == true)
    }
  }

  /// The store itself, and its lock.
  @Test(arguments: ["", ".lock"])
  func `File moved away is named and not written to`(_ suffix: String) async throws {
    try await withSQLite { store, path in
      let file = path + suffix
      try FileManager.default.moveItem(atPath: file, toPath: file + ".moved")
      await #expect(
        throws: StoreError.unreachable("\(file) was moved, deleted or replaced while in use")
      ) { try await store.add(sampleAccount()) }
      try FileManager.default.moveItem(atPath: file + ".moved", toPath: file)
      try await store.add(sampleAccount())
    }
  }

  /// SQLite's code and the fault it is told as; the message never shows values of a statement.
  @Test(arguments: [
    (ResultCode.SQLITE_FULL, StoreError.full("p")), (.SQLITE_READONLY, .readOnly("p")),
    (.SQLITE_CANTOPEN, .unreachable("p: m (SQLite 14)")),
    (.SQLITE_IOERR, .unreachable("p: m (SQLite 10)")),
    (.SQLITE_CORRUPT, .damaged("p: m (SQLite 11)")),
    (.SQLITE_NOTADB, .damaged("p: m (SQLite 26)")),
    (.SQLITE_BUSY, .unreachable("p: another program has locked it (m (SQLite 5))")),
  ])
  func `Code is told as`(_ code: ResultCode, _ fault: StoreError) {
    let error = DatabaseError(
      resultCode: code, message: "m", sql: "SELECT ?", arguments: ["secret"])
    #expect(SQLiteFault.translated(error, path: "p") as? StoreError == fault)
  }

  /// The store is well: the one who asked must stop asking.
  @Test func `Broken constraint is a refusal`() {
    let error = DatabaseError(resultCode: .SQLITE_CONSTRAINT, message: "m", sql: "SELECT 1")
    let refusal = SQLiteFault.translated(error, path: "p") as? LedgerRefusal
    #expect(refusal == LedgerRefusal("m (SQLite 19)"))
  }

  @Test func `Forgotten store closes itself`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      var store: LedgerStore? = try await SQLiteStore.open(path: path, migrate: true)
      try await store?.add(sampleAccount())
      store = nil
      let again = try await SQLiteStore.open(path: path, migrate: false)
      #expect(try await again.facts().account == sampleAccount())
      try await again.close()
    }
  }
}
