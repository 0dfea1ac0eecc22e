import GRDB

/// Whether a file is a store of ours, and of which schema.
enum Schema {
  /// Leaves the store at the newest schema, or says why it is not.
  static func prepare(
    _ database: Database, path: String, migrate: Bool, without removed: Set<LedgerGuard>
  ) throws {
    let found = Int(try SQLiteSession(database).integer("PRAGMA user_version") ?? 0)
    try identify(database, path, found)
    if found > Migration.newest {
      throw StoreError.newerSchema(found: found, known: Migration.newest)
    }
    if found == Migration.newest { return }
    if !migrate {
      if found == 0 { throw StoreError.notInitialized(path) }
      throw StoreError.olderSchema(found: found, needed: Migration.newest)
    }
    for migration in Migration.all[found...] {
      let sql = removed.reduce(migration.sql) { $1.removed(from: $0) }
      try apply(Migration(number: migration.number, sql: sql), to: database)
    }
  }

  private static func identify(_ database: Database, _ path: String, _ version: Int) throws {
    if try SQLiteSession(database).integer("PRAGMA application_id") == Int64(Migration.applicationID) { return }
    let tables = try SQLiteSession(database).integer("SELECT count(*) FROM sqlite_schema") ?? 0
    if version != 0 || tables != 0 {
      throw StoreError.invalid("\(path) is a database of another program")
    }
  }

  private static func apply(_ migration: Migration, to database: Database) throws {
    try database.inTransaction(.immediate) {
      try database.execute(sql: migration.sql)
      try database.execute(
        sql: """
          PRAGMA application_id = \(Migration.applicationID);
          PRAGMA user_version = \(migration.number);
          """)
      return .commit
    }
  }
}
