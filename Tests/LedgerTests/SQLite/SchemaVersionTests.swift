import Billing
import Foundation
import Testing

@testable import Ledger

/// Programs of different versions over one store. A program is older or newer here by the
/// migrations it knows.
@Suite struct SchemaVersionTests {
  private static let adding = Migration(number: Migration.newest + 1) { words in
    """
    ALTER TABLE accounts ADD COLUMN region \(words.text);
    CREATE TABLE regions (name \(words.text) PRIMARY KEY)\(words.keyedTable);
    """
  }
  /// As `adding`, but older programs may not go on.
  private static let contracting = Migration(
    number: Migration.newest + 1, readableFrom: Migration.newest + 1
  ) { _ in "DROP INDEX entries_by_invoice" }

  private func open(
    _ folder: URL, knowing migrations: [Migration] = Migration.all, migrate: Bool = false
  ) async throws -> LedgerStore {
    var options = SQLiteOptions()
    options.migrations = migrations
    return try await SQLiteStore.open(
      path: "\(folder.path)/store.db", migrate: migrate, options: options)
  }

  private func found(in store: LedgerStore) async throws -> Schema.Found {
    try await store.inspectWriter { try SQLiteSchema.found(in: $0) }
  }

  private static let recorded = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Recorded/schema-5.sql")

  /// Lets the file come to be as 0.1.0 made it.
  private func recordedStore(_ folder: URL) async throws {
    let sql = try String(contentsOf: Self.recorded, encoding: .utf8)
    let store = try await open(folder, knowing: [Migration(number: 1) { _ in sql }], migrate: true)
    try await store.inspectWriter { try $0.execute(sql: "PRAGMA user_version = 5") }
    try await store.close()
  }

  private func definitions(_ store: LedgerStore) async throws -> [String] {
    try await store.inspectWriter { database in
      try database.texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").map { text in
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }.sorted()
    }
  }

  @Test func `Released migrations make the schema that was recorded`() async throws {
    try await withFolder { recorded in
      try await recordedStore(recorded)
      let old = try await open(recorded, knowing: Array(Migration.all.prefix(5)))
      try await withFolder { folder in
        let made = try await open(
          folder, knowing: Array(Migration.all.prefix(5)), migrate: true)
        #expect(try await definitions(made) == definitions(old))
        try await made.close()
      }
      try await old.close()
    }
  }

  @Test func `Older store asks for init and is brought up by it`() async throws {
    try await withFolder { folder in
      try await recordedStore(folder)
      let error = StoreError.olderSchema(found: 5, needed: Migration.newest)
      await #expect(throws: error) { try await open(folder) }
      #expect(error.description.contains("closectl init"))
      let store = try await open(folder, migrate: true)
      #expect(
        try await found(in: store) == Schema.Found(version: Migration.newest, readableFrom: 5))
      #expect(try await store.problems() == [])
      try await store.close()
    }
  }

  /// 0.1.0 looks at `user_version` alone, and opens what says 5.
  @Test func `Programs of the last version still open the store`() async throws {
    try await withFolder { folder in
      let store = try await open(folder, migrate: true)
      let told = try await store.inspectWriter {
        try $0.integer("PRAGMA user_version")
      }
      #expect(told == 5)
      try await store.close()
    }
  }

  @Test func `Newer schema that only adds is worked on`() async throws {
    try await withFolder { folder in
      let newer = try await open(folder, knowing: Migration.all + [Self.adding], migrate: true)
      try await newer.add(sampleAccount())
      // `closectl init` of the older program is harmless as well.
      for migrate in [false, true] {
        let older = try await open(folder, migrate: migrate)
        _ = try await older.issue(period: migrate ? october : november)
        #expect(try await older.problems() == [])
        #expect(try await found(in: older).version == Migration.newest + 1)
        try await older.close()
      }
      #expect(try await newer.openInvoices(of: "meter-1").count == 2)
      try await newer.close()
    }
  }

  @Test func `Newer schema that takes away is refused with what to do`() async throws {
    try await withFolder { folder in
      let newer = try await open(
        folder, knowing: Migration.all + [Self.contracting], migrate: true)
      try await newer.close()
      let error = StoreError.newerSchema(
        found: Migration.newest + 1, known: Migration.newest)
      for migrate in [false, true] {
        await #expect(throws: error) { try await open(folder, migrate: migrate) }
      }
      #expect(error.description.contains("start the newer version of this program"))
    }
  }

  /// The last version's own check, which knows nothing of the table, refuses it as well.
  @Test func `Schema that takes away raises the number that old programs look at`() async throws {
    try await withFolder { folder in
      let newer = try await open(
        folder, knowing: Migration.all + [Self.contracting], migrate: true)
      let told = try await newer.inspectWriter {
        try $0.integer("PRAGMA user_version")
      }
      #expect(told == Int64(Migration.newest + 1))
      try await newer.close()
    }
  }

  /// Two `closectl init` at once, one of each version: the store ends at the newer schema.
  @Test func `Migrating twice at once ends at the newest`() async throws {
    try await withFolder { folder in
      try await recordedStore(folder)
      async let one = open(folder, migrate: true)
      async let other = open(folder, knowing: Migration.all + [Self.adding], migrate: true)
      let stores = try await [one, other]
      #expect(
        try await found(in: stores[0])
          == Schema.Found(version: Migration.newest + 1, readableFrom: 5))
      for store in stores { try await store.close() }
    }
  }
}
