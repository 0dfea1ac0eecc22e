/// Whether a database holds a month-close store, and with which schema. Its numbers are those of
/// SQLite's migrations; all missing ones are applied in one transaction.
struct PostgreSQLSchema {
  private let connection: PostgreSQLConnection
  private let place: String

  init(_ connection: PostgreSQLConnection, place: String) {
    self.connection = connection
    self.place = place
  }

  /// Held during a migration: if several programs start together, the others wait and find it done.
  private static let lock = 0x6D63_6C73

  func prepare(migrate: Bool) throws {
    if try isCurrent() { return }
    let found = try version()
    if !migrate {
      if found == 0 { throw StoreError.notInitialized(place) }
      throw StoreError.olderSchema(found: found, needed: PostgreSQLMigration.newest)
    }
    try connection.execute(
      "BEGIN; \(PostgreSQLTimes.long); SELECT pg_advisory_xact_lock(\(Self.lock))")
    do {
      try migrateWhatIsMissing()
      try connection.execute("COMMIT")
    } catch {
      if connection.isUsable { try connection.execute("ROLLBACK") }
      throw error
    }
  }

  /// A newer schema that only added to ours is usable too, because services are replaced one by
  /// one.
  private func isCurrent() throws -> Bool {
    let found = try version()
    if found <= PostgreSQLMigration.newest { return found == PostgreSQLMigration.newest }
    let readableFrom = try connection.text("SELECT readable_from FROM month_close_schema")
    if Int(readableFrom) ?? found > PostgreSQLMigration.newest {
      throw StoreError.newerSchema(found: found, known: PostgreSQLMigration.newest)
    }
    return true
  }

  private func migrateWhatIsMissing() throws {
    if try isCurrent() { return }
    let found = try version()
    if found == 0 {
      if try has("accounts") {
        throw StoreError.invalid("\(place) is a database of another program")
      }
      try connection.execute("CREATE TABLE month_close_schema (version bigint NOT NULL)")
      try connection.execute("INSERT INTO month_close_schema VALUES (0)")
    }
    for migration in PostgreSQLMigration.all[found...] {
      try connection.execute(migration.sql)
      try connection.execute("UPDATE month_close_schema SET version = \(migration.number)")
    }
  }

  /// 0 where there is no store.
  private func version() throws -> Int {
    guard try has("month_close_schema") else { return 0 }
    return Int(try connection.text("SELECT version FROM month_close_schema")) ?? 0
  }

  /// Asked of the catalog's table. `to_regclass` may answer out of a session's memory of names, in
  /// which a table that another program has just committed is not there yet.
  private func has(_ table: String) throws -> Bool {
    try connection.text(
      "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = '\(table)' "
        + "AND pg_table_is_visible(oid))") == "t"
  }
}
