import CSQLite
import GRDB
import Glibc

/// Opens a store file: lock, connections and their settings, identity, schema.
///
/// Everything here blocks and belongs on a thread of its own.
enum SQLiteOpening {
  static let busyTimeoutMilliseconds = 5000
  /// A store up to this size is checked whole whenever it is opened, which takes half a second or
  /// so. Larger ones are checked by `problems()` and whenever they are opened to be migrated.
  static let checkedUpToBytes: Int64 = 512 << 20

  /// SQLite counts the bytes of every allocation under one mutex of the whole process, for figures
  /// that nobody here reads. Only before its first use can it be told not to; later it goes on.
  private static let areAllocationsUncounted = mc_sqlite_config_memstatus(0) == SQLITE_OK

  static func open(
    path: String, migrate: Bool, options: SQLiteOptions = SQLiteOptions()
  ) throws -> SQLiteConnections {
    _ = areAllocationsUncounted
    do {
      if !migrate && access(path, F_OK) != 0 { throw StoreError.notInitialized(path) }
      let lock = try FileLock(
        path: path + ".lock", isTaken: !options.removed.contains(.fileLock))
      let (writer, readers) = try lock.withLock { try opened(path, migrate, options) }
      let connections = SQLiteConnections(
        path: path, writer: writer, readers: readers, lock: lock, options: options)
      // A reader needs no lock: nobody waits for the check. What is damaged closes itself.
      try (readers.first ?? writer).read { database in
        if try migrate || size(database) <= checkedUpToBytes { try check(database, path) }
      }
      return connections
    } catch {
      throw SQLiteFault.translated(error, path: path)
    }
  }

  /// What is opened is closed again when a later step fails, still under the lock.
  private static func opened(
    _ path: String, _ migrate: Bool, _ options: SQLiteOptions
  ) throws -> (DatabaseQueue, [DatabaseQueue]) {
    let writer = try DatabaseQueue(path: path, configuration: writing(options))
    var readers: [DatabaseQueue] = []
    do {
      try writer.writeWithoutTransaction { database in
        try Schema.prepare(database, path: path, migrate: migrate, options: options)
        try requireWritable(database)
        try useJournal(options.runsInline ? "memory" : "wal", database)
      }
      for _ in 0..<(options.runsInline ? 0 : 2) {
        readers.append(try DatabaseQueue(path: path, configuration: reading))
      }
      return (writer, readers)
    } catch {
      // The first error is the one to report.
      for queue in readers + [writer] { try? queue.close() }
      throw error
    }
  }

  private static func writing(_ options: SQLiteOptions) -> Configuration {
    var configuration = Configuration()
    configuration.label = "month-close.store.writer"
    configuration.busyMode = .timeout(Double(busyTimeoutMilliseconds) / 1000)
    configuration.prepareDatabase { database in
      try database.execute(
        sql: """
          PRAGMA wal_autocheckpoint = 0;
          PRAGMA synchronous = FULL;
          PRAGMA mmap_size = 0;
          PRAGMA cache_size = -8000;
          PRAGMA temp_store = MEMORY;
          """)
      // Nobody else has the file open: SQLite need not ask the kernel before every statement.
      if options.runsInline { try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
    }
    return configuration
  }

  private static var reading: Configuration {
    var configuration = Configuration()
    configuration.label = "month-close.store.reader"
    configuration.readonly = true
    configuration.busyMode = .timeout(Double(busyTimeoutMilliseconds) / 1000)
    configuration.prepareDatabase { database in
      try database.execute(
        sql: "PRAGMA mmap_size = 0; PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;")
    }
    return configuration
  }

  /// GRDB's own WAL mode lowers `synchronous`, so it is not used. What was set is read back: a
  /// build of SQLite may ignore a setting without a word.
  private static func useJournal(_ wantedMode: String, _ database: Database) throws {
    let mode = try SQLiteSession(database).first("PRAGMA journal_mode = \(wantedMode)") {
      $0[0] as String
    }
    let wanted: [(String, Int64)] = [
      ("synchronous", 2), ("wal_autocheckpoint", 0), ("foreign_keys", 1),
    ]
    if mode != wantedMode {
      throw StoreError.unreachable(
        "SQLite's journal_mode is \(mode ?? "unknown"), not \(wantedMode)")
    }
    for (name, value) in wanted {
      let found = try SQLiteSession(database).integer("PRAGMA \(name)")
      if found != value {
        throw StoreError.unreachable("SQLite's \(name) is \(found ?? -1), not \(value)")
      }
    }
  }

  /// SQLite opens a file it may not write without complaint, and fails at the first write.
  private static func requireWritable(_ database: Database) throws {
    try database.inTransaction(.immediate) { .rollback }
  }

  private static func size(_ database: Database) throws -> Int64 {
    let pages = try SQLiteSession(database).integer("PRAGMA page_count") ?? 0
    return pages * (try SQLiteSession(database).integer("PRAGMA page_size") ?? 0)
  }

  private static func check(_ database: Database, _ path: String) throws {
    let found = try SQLiteSession(database).first("PRAGMA quick_check(1)") { $0[0] as String }
    if found != "ok" { throw StoreError.damaged("\(path): \(found ?? "no answer")") }
  }
}
