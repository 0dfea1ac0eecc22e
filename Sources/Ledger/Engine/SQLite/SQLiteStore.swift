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

/// What only the project's own tests and its simulator ask of a store; programs that run a close
/// have no way to. `package` is the border.
package struct SQLiteOptions: Sendable {
  /// Everything runs on the caller's thread and is done when the call returns, so that one thread
  /// decides the order of all there is. One connection reads and writes, nobody else can open the
  /// file, and its journal is in memory: a kill of the program may leave a file of no use.
  package var runsInline = false
  /// Taken away, to show that what watches over them notices.
  package var removed: Set<LedgerGuard> = []

  /// What the program knows: older and later programs are tried with fewer and with more.
  var migrations = Migration.all

  /// The WAL is brought back into the file whenever it is larger.
  package var checkpointsAtBytes = Checkpointing.usualBytes

  /// How long a write waits for the others' lock.
  package var lockTimeout = SQLiteStore.usualLockTimeout

  package init(runsInline: Bool = false, removed: Set<LedgerGuard> = []) {
    self.runsInline = runsInline
    self.removed = removed
  }
}

/// Guards of the ledger that a test can take away, one at a time.
package enum LedgerGuard: String, Sendable, CaseIterable {
  /// Unique: one answer per service, message and account.
  case oneAnswer = "one-answer"
  /// The file lock that all writers share.
  case fileLock = "file-lock"

  /// The schema without the guard's unique key.
  func removed(from sql: String) -> String {
    switch self {
    case .oneAnswer: sql.replacing("UNIQUE (message_id, service, account)", with: "CHECK (1)")
    case .fileLock: sql
    }
  }
}
