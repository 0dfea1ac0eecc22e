import Dispatch

/// Opens the store of one machine: one SQLite file, shared by all services on it.
///
/// The file's folder must be on a local disk: the lock and the WAL do not work over a network.
public enum SQLiteStore {
  public static let usualLockTimeout = Duration.seconds(30)

  /// `lockTimeout`: how long a write waits for another program's lock.
  public static func open(
    path: String, migrate: Bool, lockTimeout: Duration = usualLockTimeout
  ) async throws -> LedgerStore {
    var options = SQLiteOptions()
    options.lockTimeout = lockTimeout
    return try await open(path: path, migrate: migrate, options: options)
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
