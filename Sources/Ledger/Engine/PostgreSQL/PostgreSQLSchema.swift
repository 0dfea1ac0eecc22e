/// Whether a database holds a store of ours, and of which schema; all migrations that are missing
/// are applied in one transaction.
struct PostgreSQLSchema {
  private let connection: PostgreSQLConnection
  private let place: String
  /// Those that the program knows: older and later programs are tried with fewer and with more.
  private let migrations: [Migration]

  init(
    _ connection: PostgreSQLConnection, place: String, migrations: [Migration] = Migration.all
  ) {
    self.connection = connection
    self.place = place
    self.migrations = migrations
  }

  /// Held during a migration: if several programs start together, the others wait and find it done.
  private static let lock = 0x6D63_6C73

  /// Leaves the store at a schema this program can work with, or says why it is not.
  func prepare(migrate: Bool) throws {
    if try missing(migrate).isEmpty { return }
    try connection.execute(
      "BEGIN; \(PostgreSQLTimes.long); SELECT pg_advisory_xact_lock(\(Self.lock))")
    do {
      try apply(missing(migrate))
      try connection.execute("COMMIT")
    } catch {
      if connection.isUsable { try connection.execute("ROLLBACK") }
      throw error
    }
  }

  private func missing(_ migrate: Bool) throws -> ArraySlice<Migration> {
    try Schema.missing(in: found(), of: migrations, migrate: migrate, place: place)
  }

  private func apply(_ missing: ArraySlice<Migration>) throws {
    if missing.first?.number == 1 {
      if try has("accounts") {
        throw StoreError.invalid("\(place) is a database of another program")
      }
      try connection.execute("CREATE TABLE month_close_schema (version bigint NOT NULL)")
      try connection.execute("INSERT INTO month_close_schema VALUES (0)")
    }
    for migration in missing {
      try connection.execute(migration.sql(.postgreSQL))
      try connection.execute("UPDATE month_close_schema SET \(Schema.changes(migration))")
    }
  }

  func found() throws -> Schema.Found {
    guard try has("month_close_schema") else { return .nothing }
    let version = try number("version")
    if version < Migration.firstWithReadableFrom {
      return Schema.Found(version: version, readableFrom: version)
    }
    return Schema.Found(version: version, readableFrom: try number("readable_from"))
  }

  private func number(_ column: String) throws -> Int {
    let text = try connection.text("SELECT \(column) FROM month_close_schema")
    guard let number = Int(text) else {
      throw StoreError.damaged("`\(text)` in month_close_schema.\(column) is no number")
    }
    return number
  }

  /// Asked of the catalog's table. `to_regclass` may answer out of a session's memory of names, in
  /// which a table that another program has just committed is not there yet.
  private func has(_ table: String) throws -> Bool {
    try connection.text(
      "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = '\(table)' "
        + "AND pg_table_is_visible(oid))") == "t"
  }
}
