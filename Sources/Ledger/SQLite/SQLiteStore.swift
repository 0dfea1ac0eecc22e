import Billing
import Dispatch
import GRDB

/// The store of one machine: one SQLite file, shared by all services on it.
///
/// The file's folder must be on a local disk: the lock and the WAL do not work over a network.
public final class SQLiteStore: Store {
  let connections: SQLiteConnections

  private init(_ connections: SQLiteConnections) {
    self.connections = connections
  }

  public static func open(path: String, migrate: Bool) async throws -> SQLiteStore {
    try await open(path: path, migrate: migrate, options: SQLiteOptions())
  }

  package static func open(
    path: String, migrate: Bool, options: SQLiteOptions
  ) async throws -> SQLiteStore {
    if options.runsInline {
      return SQLiteStore(
        try SQLiteOpening.open(path: path, migrate: migrate, options: options))
    }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            SQLiteStore(try SQLiteOpening.open(path: path, migrate: migrate, options: options))
          })
      }
    }
  }

  public func close() async throws {
    try await connections.close()
  }
}
