import Foundation
import Ledger
import Testing

/// An implementation of `Store` that the conformance suite runs over.
struct Implementation: Sendable, CustomTestStringConvertible {
  var testDescription: String
  /// Opens the store that lives in a folder, again and again.
  var open: @Sendable (_ folder: URL) async throws -> any Store

  static let all = [
    Implementation(testDescription: "SQLite") { folder in
      try await openStore("sqlite:\(folder.path)/store.db", migrate: true)
    }
  ]

  /// A new store, which must be sound in the end.
  func withStore(_ body: (any Store) async throws -> Void) async throws {
    try await withFolder { folder in
      let store = try await open(folder)
      try await body(store)
      #expect(try await store.problems() == [])
      try await store.close()
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
