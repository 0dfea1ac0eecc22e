import GRDB

/// Statements are prepared once per connection and bound by position.
extension Database {
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    let statement = try cachedStatement(sql: sql)
    statement.setUncheckedArguments(arguments)
    try statement.execute()
  }

  /// How many rows the statement changed.
  func runCounting(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
    try run(sql, arguments)
    return changesCount
  }

  func first<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ decode: (Row) throws -> Value
  ) throws -> Value? {
    let statement = try cachedStatement(sql: sql)
    statement.setUncheckedArguments(arguments)
    let rows = try Row.fetchCursor(statement)
    guard let row = try rows.next() else { return nil }
    return try decode(row)
  }

  func all<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ decode: (Row) throws -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    let statement = try cachedStatement(sql: sql)
    statement.setUncheckedArguments(arguments)
    let rows = try Row.fetchCursor(statement)
    while let row = try rows.next() { values.append(try decode(row)) }
    return values
  }

  func integer(_ sql: String, _ arguments: StatementArguments = []) throws -> Int64? {
    try first(sql, arguments) { $0[0] as Int64? } ?? nil
  }
}
