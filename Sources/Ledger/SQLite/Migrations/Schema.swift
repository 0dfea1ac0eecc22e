import GRDB

/// Whether a file is a month-close store, and with which schema.
enum Schema {
  /// What a store says of itself.
  struct Found: Equatable {
    /// 0: nothing is in it yet.
    var version: Int
    /// The oldest program, by the schema it knows, that may work with the store.
    var readableFrom: Int
  }

  /// Leaves the store at a schema this program can work with, or says why it is not. `migrations`
  /// are those the program knows.
  static func prepare(
    _ database: Database, path: String, migrate: Bool, options: SQLiteOptions
  ) throws {
    let known = options.migrations.count
    let found = try found(in: SQLiteSession(database))
    try identify(database, path, found.version)
    // A newer schema that only added to ours is as good as ours: services are replaced one by one.
    if found.readableFrom > known {
      throw StoreError.newerSchema(found: found.version, known: known)
    }
    if found.version >= known { return }
    if !migrate {
      if found.version == 0 { throw StoreError.notInitialized(path) }
      throw StoreError.olderSchema(found: found.version, needed: known)
    }
    for migration in options.migrations[found.version...] {
      try apply(migration, to: database, without: options.removed)
    }
  }

  static func found(in session: any SQLSession) throws -> Found {
    let told = try session.integer(
      "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'")
    guard told == 1 else {
      // Up to schema 5 there was one number, and only its own programs could read a schema.
      let version = Int(try session.integer("PRAGMA user_version") ?? 0)
      return Found(version: version, readableFrom: version)
    }
    let row = try session.first("SELECT version, readable_from FROM schema_version") {
      Found(version: $0[0] as Int, readableFrom: $0[1] as Int)
    }
    guard let row else { throw StoreError.damaged("the table schema_version is empty") }
    return row
  }

  private static func identify(_ database: Database, _ path: String, _ version: Int) throws {
    if try SQLiteSession(database).integer("PRAGMA application_id")
      == Int64(Migration.applicationID)
    {
      return
    }
    let tables = try SQLiteSession(database).integer("SELECT count(*) FROM sqlite_schema") ?? 0
    if version != 0 || tables != 0 {
      throw StoreError.invalid("\(path) is a database of another program")
    }
  }

  private static func apply(
    _ migration: Migration, to database: Database, without removed: Set<LedgerGuard>
  ) throws {
    let sql = removed.reduce(migration.sql) { $1.removed(from: $0) }
    try database.inTransaction(.immediate) {
      try database.execute(sql: sql)
      try database.execute(sql: "PRAGMA application_id = \(Migration.applicationID)")
      try record(migration, in: database)
      return .commit
    }
  }

  private static func record(_ migration: Migration, in database: Database) throws {
    guard migration.number >= Migration.schemaVersion.number else {
      return try database.execute(sql: "PRAGMA user_version = \(migration.number)")
    }
    try database.execute(
      sql: """
        UPDATE schema_version SET version = \(migration.number),
          readable_from = \(migration.readableFrom.map(String.init) ?? "readable_from")
        """)
    let readableFrom = try found(in: SQLiteSession(database)).readableFrom
    try database.execute(sql: "PRAGMA user_version = \(readableFrom)")
  }
}
