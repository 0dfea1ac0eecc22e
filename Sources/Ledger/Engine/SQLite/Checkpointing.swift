import GRDB
import Glibc
import Synchronization

/// Brings the WAL back into the database file when it has grown, after a commit and under the
/// store's lock. SQLite itself never does (`wal_autocheckpoint=0`).
package final class Checkpointing: Sendable {
  package static let usualBytes: Int64 = 32 << 20
  /// After a checkpoint that readers kept from finishing, wait for this much more.
  static let againAfterBytes: Int64 = 8 << 20

  private let walPath: String
  private let firstAtBytes: Int64
  private let nextAtBytes: Atomic<Int64>

  init(walPath: String, atBytes: Int64 = Checkpointing.usualBytes) {
    self.walPath = walPath
    self.firstAtBytes = atBytes
    self.nextAtBytes = Atomic(atBytes)
  }

  /// TRUNCATE does what PASSIVE does, and empties the file too when no reader is in the way; it
  /// waits for readers only a moment. A checkpoint that fails loses nothing, since the WAL still
  /// holds every commit: the commit before it stands, and the next one tries again.
  func run(_ database: Database) {
    let size = walSize()
    guard size >= nextAtBytes.load(ordering: .relaxed) else { return }
    var isEmptied = false
    do {
      try database.execute(sql: "PRAGMA busy_timeout = 20")
      isEmptied = try SQLiteSession(database).integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0
      try database.execute(sql: "PRAGMA busy_timeout = \(SQLiteOpening.busyTimeoutMilliseconds)")
    } catch {
      isEmptied = false
    }
    let next = isEmptied ? firstAtBytes : size + Self.againAfterBytes
    nextAtBytes.store(next, ordering: .relaxed)
  }

  private func walSize() -> Int64 {
    var status = stat()
    return stat(walPath, &status) == 0 ? Int64(status.st_size) : 0
  }
}
