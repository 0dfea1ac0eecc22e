import CSQLite
import GRDB
import Glibc

/// Opens a store file: its files, connections and their settings, schema.
///
/// Everything here blocks and belongs on a thread of its own.
enum SQLiteOpening {
  static let busyTimeoutMilliseconds = 5000
  /// A store up to this size is checked whole whenever it is opened, which takes half a second or
  /// so. Larger ones are checked by `problems()` and whenever they are opened to be migrated.
  static let checkedUpToBytes: Int64 = 512 << 20

  /// SQLite counts the bytes of every allocation under one process-wide mutex, for figures that are
  /// not used here. Counting can be switched off only before SQLite is first used.
  private static let areAllocationsUncounted = mc_sqlite_config_memstatus(0) == SQLITE_OK

  /// Takes the lock only where something is to be written: a store that is up to date opens, and
  /// can be read, while somebody else has the lock.
  static func open(
    path: String, migrate: Bool, options: SQLiteOptions = SQLiteOptions()
  ) throws -> SQLiteConnections {
    _ = areAllocationsUncounted
    do {
      let files = SQLiteFiles(path)
      if !migrate && !files.isThere { throw StoreError.notInitialized(path) }
      let isTaken = !options.removed.contains(.fileLock)
      let lock = try FileLock(path: files.lock, mode: files.lockMode, isTaken: isTaken)
      let probe = try FileLock(path: files.lock, mode: files.lockMode, isTaken: isTaken)
      try files.protect(creating: migrate)
      let (writer, readers) = try opened(path, migrate, options, lock)
      let connections = SQLiteConnections(
        path: path, writer: writer, readers: readers, lock: lock, probe: probe,
        options: options)
      // A reader needs no lock: nobody waits for the check. What is damaged closes itself.
      try (readers.first ?? writer).read { database in
        if try migrate || size(database) <= checkedUpToBytes { try check(database, path) }
      }
      return connections
    } catch {
      throw SQLiteFault.translated(error, path: path)
    }
  }

  /// What is opened is closed again when a later step fails.
  private static func opened(
    _ path: String, _ migrate: Bool, _ options: SQLiteOptions, _ lock: FileLock
  ) throws -> (DatabaseQueue, [DatabaseQueue]) {
    let writer = try DatabaseQueue(path: path, configuration: writing(options))
    var readers: [DatabaseQueue] = []
    do {
      try writer.writeWithoutTransaction { database in
        try requireWritable(database, path)
        let isPrepared = try !migrate && !options.runsInline && journalMode(database) == "wal"
        if isPrepared { return try prepare(database, path, migrate, options) }
        try lock.withLock(atMost: options.lockTimeout) {
          try prepare(database, path, migrate, options)
        }
      }
      for _ in 0..<(options.runsInline ? 0 : 2) {
        readers.append(try DatabaseQueue(path: path, configuration: reading))
      }
      return (writer, readers)
    } catch {
      keepWAL(of: writer)
      // The first error is the one to report.
      for queue in readers + [writer] { try? queue.close() }
      throw error
    }
  }

  /// The last close of a database is a checkpoint, which belongs under the lock: not this one.
  static func keepWAL(of writer: DatabaseQueue) {
    writer.inDatabase { _ = mc_sqlite_close_without_checkpoint($0.sqliteConnection) }
  }

  private static func prepare(
    _ database: Database, _ path: String, _ migrate: Bool, _ options: SQLiteOptions
  ) throws {
    try SQLiteSchema.prepare(database, path: path, migrate: migrate, options: options)
    try useJournal(options.runsInline ? "memory" : "wal", database)
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
    let mode = try SQLiteSession(database).text("PRAGMA journal_mode = \(wantedMode)")
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

  private static func journalMode(_ database: Database) throws -> String? {
    try SQLiteSession(database).text("PRAGMA journal_mode")
  }

  /// SQLite opens a file it may not write without complaint, and fails at the first write.
  private static func requireWritable(_ database: Database, _ path: String) throws {
    if sqlite3_db_readonly(database.sqliteConnection, "main") == 1 {
      throw StoreError.readOnly(path)
    }
  }

  private static func size(_ database: Database) throws -> Int64 {
    let pages = try SQLiteSession(database).integer("PRAGMA page_count") ?? 0
    return pages * (try SQLiteSession(database).integer("PRAGMA page_size") ?? 0)
  }

  private static func check(_ database: Database, _ path: String) throws {
    let found = try SQLiteSession(database).text("PRAGMA quick_check(1)")
    if found != "ok" { throw StoreError.damaged("\(path): \(found ?? "no answer")") }
  }
}

/// The files of a store: the ledger, SQLite's two beside it, and the lock. They hold names,
/// addresses and payments, so no stranger on the machine may open them. A group keeps what it was
/// given, which lets several users share a ledger.
struct SQLiteFiles {
  let ledger: String

  init(_ path: String) { ledger = path }

  var lock: String { ledger + ".lock" }

  /// Also where the name leads nowhere.
  var isThere: Bool {
    var status = stat()
    return lstat(ledger, &status) == 0
  }

  /// Whoever may write the ledger may take its lock, nobody else.
  var lockMode: mode_t {
    var status = stat()
    let isShared = lstat(ledger, &status) == 0 && status.st_mode & 0o060 == 0o060
    return isShared ? 0o660 : PrivateFile.ownersOnly
  }

  /// SQLite follows links, and then two programs that name one ledger in two ways have two locks.
  /// It makes its other files with the rights of the ledger.
  func protect(creating: Bool) throws {
    do throws(PrivateFileFault) {
      try PrivateFile.requireRegular(ledger)
      if creating && !isThere { close(try PrivateFile.create(ledger)) }
    } catch .system(_, EEXIST) {
      // Somebody else makes it just now, and will have it regular.
    } catch {
      throw StoreError.invalid("\(error)")
    }
    for file in [ledger, ledger + "-wal", ledger + "-shm"] { PrivateFile.narrow(file, to: 0o770) }
  }
}
