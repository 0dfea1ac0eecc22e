import CPostgres
import GRDBSQLite

/// The row a statement stands on: valid only until the next one. Values are read as what their
/// columns were declared, since all tables are strict.
///
/// What has more than one column is read by a `ColumnList`; a place is for the one column of a
/// statement, and for what the sessions themselves ask.
struct Row {
  enum Place {
    case sqlite(OpaquePointer)
    /// A result that was read whole, and the number of the row in it.
    case postgreSQL(OpaquePointer, CInt)
  }

  private let place: Place

  init(_ place: Place) {
    self.place = place
  }

  func isNull(at index: Int) -> Bool {
    switch place {
    case .sqlite(let statement): sqlite3_column_type(statement, CInt(index)) == SQLITE_NULL
    case .postgreSQL(let result, let row): PQgetisnull(result, row, CInt(index)) != 0
    }
  }

  subscript(at index: Int) -> Int64 {
    switch place {
    case .sqlite(let statement): sqlite3_column_int64(statement, CInt(index))
    case .postgreSQL(let result, let row): PostgreSQLValue.integer(result, row, CInt(index))
    }
  }

  subscript(at index: Int) -> String {
    switch place {
    case .sqlite(let statement):
      guard let start = sqlite3_column_text(statement, CInt(index)) else { return "" }
      let count = Int(sqlite3_column_bytes(statement, CInt(index)))
      return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    case .postgreSQL(let result, let row):
      return String(decoding: PostgreSQLValue.bytes(result, row, CInt(index)), as: UTF8.self)
    }
  }

  subscript(at index: Int) -> [UInt8] {
    switch place {
    case .sqlite(let statement):
      guard let start = sqlite3_column_blob(statement, CInt(index)) else { return [] }
      let count = Int(sqlite3_column_bytes(statement, CInt(index)))
      return Array(UnsafeRawBufferPointer(start: start, count: count))
    case .postgreSQL(let result, let row):
      return Array(PostgreSQLValue.bytes(result, row, CInt(index)))
    }
  }

  /// A word of a fixed list; another word means that the store was changed by somebody else.
  func word<Value: RawRepresentable<String>>(at index: Int, _: Value.Type = Value.self) throws
    -> Value
  {
    let text: String = self[at: index]
    guard let value = Value(rawValue: text) else {
      throw StoreError.damaged("`\(text)` is not a valid \(Value.self)")
    }
    return value
  }
}
