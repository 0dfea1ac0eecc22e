import Foundation
import Ledger
import Testing

/// A `LedgerStore` on one of the engines, for the conformance suite to run over.
struct Implementation: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// Opens the store that belongs to a folder, again and again.
  var open: @Sendable (_ folder: URL) async throws -> LedgerStore
  /// Ends what `open` began for the folder.
  var discard: @Sendable (_ folder: URL) async throws -> Void = { _ in }

  /// PostgreSQL only where the tests are given a server: `PostgreSQLServerTests` says when not.
  static let all = [sqlite] + (TestServer.url == nil ? [] : [postgreSQL])

  static let sqlite = Implementation(testDescription: "SQLite") { folder in
    try await openStore("sqlite:\(folder.path)/store.db", migrate: true)
  }

  static let postgreSQL = Implementation(
    testDescription: "PostgreSQL",
    open: { folder in
      try await openStore(
        try await TestServer.database(TestServer.name(of: folder)), migrate: false)
    },
    discard: { try await TestServer.drop(TestServer.name(of: $0)) })

  /// A new store, which must be sound in the end.
  func withStore(_ body: (LedgerStore) async throws -> Void) async throws {
    try await withFolder { folder in
      let store = try await open(folder)
      do {
        try await body(store)
        #expect(try await store.problems() == [])
        try await store.close()
      } catch {
        try await store.close()
        try await discard(folder)
        throw error
      }
      try await discard(folder)
    }
  }
}

func withFolder(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ledger-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  do {
    try await body(folder)
  } catch {
    try FileManager.default.removeItem(at: folder)
    throw error
  }
  try FileManager.default.removeItem(at: folder)
}
