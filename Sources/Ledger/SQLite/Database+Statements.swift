import GRDB
import GRDBSQLite

/// Statements by their text: GRDB prepares and keeps them, here they are bound and stepped through.
/// A batch runs about a thousand statements of a few microseconds each; GRDB's own rows and
/// arguments would double that.
extension Database {
  typealias Values = [(any SQLValue)?]

  func run(_ sql: String, _ values: Values = []) throws {
    try step(through: sql, values) { _ in true }
  }

  /// How many rows the statement changed.
  func runCounting(_ sql: String, _ values: Values = []) throws -> Int {
    try run(sql, values)
    return changesCount
  }

  func first<Value>(
    _ sql: String, _ values: Values = [], _ decode: (Row) throws -> Value
  ) throws -> Value? {
    var first: Value?
    try step(through: sql, values) { row in
      first = try decode(row)
      return false
    }
    return first
  }

  func all<Value>(
    _ sql: String, _ values: Values = [], _ decode: (Row) throws -> Value
  ) throws -> [Value] {
    var all: [Value] = []
    try step(through: sql, values) { row in
      all.append(try decode(row))
      return true
    }
    return all
  }

  func integer(_ sql: String, _ values: Values = []) throws -> Int64? {
    try first(sql, values) { $0[0] as Int64? } ?? nil
  }

  /// All of `body` sees one state of the database. Like GRDB's `read`, with statements that are
  /// prepared once and without its `query_only`: the readers' connections cannot write anyway.
  func inSnapshot<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try run("BEGIN DEFERRED")
    do {
      let value = try body(self)
      try run("COMMIT")
      return value
    } catch {
      if isInsideTransaction { try run("ROLLBACK") }
      throw error
    }
  }

  /// `visit` answers whether to go on. The statement is reset in the end, so that it holds no locks
  /// and no values.
  private func step(
    through sql: String, _ values: Values, _ visit: (Row) throws -> Bool
  ) throws {
    let statement = try cachedStatement(sql: sql).sqliteStatement
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    precondition(sqlite3_stmt_busy(statement) == 0, "already at work: \(sql)")
    precondition(Int(sqlite3_bind_parameter_count(statement)) == values.count, sql)
    for (index, value) in values.enumerated() {
      let place = CInt(index + 1)
      try require(value?.bind(to: statement, at: place) ?? SQLITE_OK, SQLITE_OK, sql)
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      try require(code, SQLITE_ROW, sql)
      if try !visit(Row(statement: statement)) { return }
    }
  }

  /// The message alone: values may be personal data.
  private func require(_ code: CInt, _ expected: CInt, _ sql: String) throws {
    if code == expected { return }
    let message = sqliteConnection.map { String(cString: sqlite3_errmsg($0)) }
    throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: sql)
  }
}
