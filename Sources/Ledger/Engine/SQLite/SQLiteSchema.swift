import GRDB

/// Whether a file is a store of ours, and of which schema.
enum SQLiteSchema {
  /// `PRAGMA application_id` of a month-close store: "mcls".
  private static let applicationID: Int32 = 0x6D63_6C73

  private enum Column: String, ColumnList {
    case version
    case readableFrom = "readable_from"
  }

  /// Leaves the store at a schema this program can work with, or says why it is not.
  static func prepare(
    _ database: Database, path: String, migrate: Bool, options: SQLiteOptions
  ) throws {
    let found = try found(in: SQLiteSession(database))
    try identify(database, path, found.version)
    let missing = try Schema.missing(
      in: found, of: options.migrations, migrate: migrate, place: path)
    for migration in missing { try apply(migration, to: database, without: options.removed) }
  }

  static func found(in session: any SQLSession) throws -> Schema.Found {
    let told = try session.integer(
      "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'")
    guard told == 1 else {
      let version = Int(try session.integer("PRAGMA user_version") ?? 0)
      return Schema.Found(version: version, readableFrom: version)
    }
    let row = try session.first("SELECT \(Column.sql) FROM schema_version", of: Column.self) {
      Schema.Found(version: $0[.version], readableFrom: $0[.readableFrom])
    }
    guard let row else { throw StoreError.damaged("the table schema_version is empty") }
    return row
  }

  private static func identify(_ database: Database, _ path: String, _ version: Int) throws {
    if try SQLiteSession(database).integer("PRAGMA application_id") == Int64(applicationID) {
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
    let sql = removed.reduce(migration.sql(.sqlite)) { $1.removed(from: $0) }
    try database.inTransaction(.immediate) {
      try database.execute(sql: sql)
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try record(migration, in: database)
      return .commit
    }
  }

  /// `PRAGMA user_version` says what programs up to schema 5 look at.
  private static func record(_ migration: Migration, in database: Database) throws {
    var readable = migration.number
    if migration.number >= Migration.firstWithReadableFrom {
      try database.execute(sql: "UPDATE schema_version SET \(Schema.changes(migration))")
      readable = try found(in: SQLiteSession(database)).readableFrom
    }
    try database.execute(sql: "PRAGMA user_version = \(readable)")
  }
}
