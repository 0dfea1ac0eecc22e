import Dispatch

/// Opens the store of one machine: one SQLite file, shared by all services on it.
///
/// The file's folder must be on a local disk: the lock and the WAL do not work over a network.
public enum SQLiteStore {
  public static func open(path: String, migrate: Bool) async throws -> LedgerStore {
    try await open(path: path, migrate: migrate, options: SQLiteOptions())
  }

  package static func open(
    path: String, migrate: Bool, options: SQLiteOptions
  ) async throws -> LedgerStore {
    if options.runsInline {
      return LedgerStore(
        try SQLiteOpening.open(path: path, migrate: migrate, options: options))
    }
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            LedgerStore(try SQLiteOpening.open(path: path, migrate: migrate, options: options))
          })
      }
    }
  }
}
