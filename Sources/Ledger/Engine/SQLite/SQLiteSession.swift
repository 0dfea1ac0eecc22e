import GRDB
import GRDBSQLite

/// Statements by their text: GRDB prepares and keeps them, here they are bound and stepped through.
/// A batch runs about a thousand statements of a few microseconds each; GRDB's own rows and
/// arguments would double that.
final class SQLiteSession: SQLSession {
  private let database: Database
  private var lastKeys: [KeyedTable: Int64] = [:]

  init(_ database: Database) {
    self.database = database
  }

  var dialect: SQLDialect { .sqlite }
  var isSetBased: Bool { false }

  func run(_ sql: String, _ values: SQLValues) throws {
    try step(through: sql, values) { _ in true }
  }

  func runCounting(_ sql: String, _ values: SQLValues) throws -> Int {
    try run(sql, values)
    return database.changesCount
  }

  func runMany(_ sql: String, _ rows: [SQLValues]) throws {
    for row in rows { try run(sql, row) }
  }

  func insertNew(_ sql: String, _ rows: [SQLValues], keyed: [Int]) throws -> [Bool] {
    try rows.map { try runCounting(sql, $0) == 1 }
  }

  func insertIfNew(
    _ insertion: Insertion, _ values: SQLValues, isStored: () throws -> Bool
  ) throws -> Bool {
    try runCounting(insertion.ifNew, values) == 1
  }

  func execute(sql: String) throws {
    try database.execute(sql: sql)
  }

  /// There is one writer at a time.
  func lockAccounts(_ ids: [String]) throws {}

  /// One after the last one: nobody else writes during a write transaction.
  func newKey(_ table: KeyedTable) throws -> Int64 {
    let last =
      try lastKeys[table]
      ?? integer("SELECT max(\(table.column)) FROM \(table.table)") ?? 0
    lastKeys[table] = last + 1
    return last + 1
  }

  func reserve(_ table: KeyedTable, _ count: Int) throws {}

  func collect<Item, Value>(
    _ items: [Item], _ read: (Item) throws -> Value
  ) throws -> [Value] {
    try items.map(read)
  }

  func readAhead<Item>(_ items: [Item], _ ask: (Item) throws -> Void) throws {}
  func nextChange() {}

  func expectManyRows(_ isExpected: Bool) throws {
    try database.execute(sql: "PRAGMA cache_size = \(isExpected ? -128000 : -16000)")
  }

  func expectWholeTables() {}

  /// All of `body` sees one state of the database. Like GRDB's `read`, with statements that are
  /// prepared once and without its `query_only`: the readers' connections cannot write anyway.
  func inSnapshot<Value>(_ body: (any SQLSession) throws -> Value) throws -> Value {
    try run("BEGIN DEFERRED", [])
    do {
      let value = try body(self)
      try run("COMMIT", [])
      return value
    } catch {
      if database.isInsideTransaction { try run("ROLLBACK", []) }
      throw error
    }
  }

  /// The statement is reset in the end, so that it holds no locks and no values.
  func step(
    through sql: String, _ values: SQLValues, _ visit: (Row) throws -> Bool
  ) throws {
    let statement = try database.cachedStatement(sql: sql).sqliteStatement
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    precondition(sqlite3_stmt_busy(statement) == 0, "statement already in use: \(sql)")
    precondition(Int(sqlite3_bind_parameter_count(statement)) == values.count, sql)
    for (index, value) in values.enumerated() {
      let place = CInt(index + 1)
      try require(value?.bind(to: statement, at: place) ?? SQLITE_OK, SQLITE_OK, sql)
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      try require(code, SQLITE_ROW, sql)
      if try !visit(Row(.sqlite(statement))) { return }
    }
  }

  /// The message alone: values may be personal data.
  private func require(_ code: CInt, _ expected: CInt, _ sql: String) throws {
    if code == expected { return }
    let message = database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) }
    throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: sql)
  }
}

/// SQLite's error codes in the words of `StoreError`.
enum SQLiteFault {
  /// Anything that is not a fault of the store is passed on unchanged.
  static func translated(_ error: any Error, path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    if error.extendedResultCode == .SQLITE_READONLY_DBMOVED { return FileIdentity.moved(path) }
    switch error.resultCode {
    case .SQLITE_FULL: return StoreError.full(path)
    case .SQLITE_READONLY, .SQLITE_PERM: return StoreError.readOnly(path)
    case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_AUTH:
      return StoreError.unreachable("\(path): \(text(error))")
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
      return StoreError.unreachable("\(path): another program has locked it (\(text(error)))")
    case .SQLITE_CORRUPT: return StoreError.damaged("\(path): \(text(error))")
    case .SQLITE_NOTADB: return StoreError.damaged("\(path): \(text(error))")
    case .SQLITE_CONSTRAINT: return LedgerRefusal(text(error))
    // Never the statement: it says nothing to people, and may hold personal data.
    default: return StoreError.invalid("\(path): \(text(error))")
    }
  }

  /// The message alone: neither the statement nor its arguments, which may be personal data.
  private static func text(_ error: DatabaseError) -> String {
    let code = error.extendedResultCode.rawValue
    return "\(error.message ?? "no message") (SQLite \(code))"
  }
}
