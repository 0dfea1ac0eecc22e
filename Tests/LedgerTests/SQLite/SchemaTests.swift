import Billing
import Foundation
import Testing

@testable import Ledger

@Suite struct SchemaTests {
  @Test func `Migrations are numbered without gaps`() {
    #expect(Migration.all.map(\.number) == Array(1...Migration.all.count))
  }

  @Test func `Store that is not there asks for init`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      await #expect(throws: StoreError.notInitialized(path)) {
        try await openStore("sqlite:\(path)", migrate: false)
      }
      #expect(!FileManager.default.fileExists(atPath: path), "asking creates nothing")
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      await #expect(throws: StoreError.notInitialized(path)) {
        try await openStore("sqlite:\(path)", migrate: false)
      }
    }
  }

  @Test func `Init is harmless when repeated`() async throws {
    try await withFolder { folder in
      let url = "sqlite:\(folder.path)/store.db"
      let first = try await openStore(url, migrate: true)
      try await first.add(sampleAccount())
      let second = try await openStore(url, migrate: true)
      #expect(try await second.facts().account == sampleAccount())
      try await first.close()
      try await second.close()
      let third = try await openStore(url, migrate: false)
      #expect(try await third.facts().account == sampleAccount())
      try await third.close()
    }
  }

  @Test func `Database of another program is left alone`() async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      let store = try await SQLiteStore.open(path: path, migrate: true)
      try await store.inspectWriter {
        try $0.execute(sql: "PRAGMA application_id = 7")
      }
      try await store.close()
      await #expect(throws: StoreError.invalid("\(path) is a database of another program")) {
        try await openStore("sqlite:\(path)", migrate: true)
      }
    }
  }

  @Test(arguments: ["postgres://localhost/close", "store.db", "sqlite:", "mysql:x"])
  func `Other forms of URL are refused`(_ url: String) async throws {
    await #expect(throws: StoreError.self) { try await openStore(url, migrate: false) }
  }
}
