import CPostgres
import GRDBSQLite

/// The row a statement stands on: valid only until the next one. Columns are read by their place
/// and as what they were declared, since all tables are strict.
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

  func isNull(_ index: Int) -> Bool {
    switch place {
    case .sqlite(let statement): sqlite3_column_type(statement, CInt(index)) == SQLITE_NULL
    case .postgreSQL(let result, let row): PQgetisnull(result, row, CInt(index)) != 0
    }
  }

  subscript(index: Int) -> Int64 {
    switch place {
    case .sqlite(let statement): sqlite3_column_int64(statement, CInt(index))
    case .postgreSQL(let result, let row): PostgreSQLValue.integer(result, row, CInt(index))
    }
  }

  subscript(index: Int) -> Int64? { isNull(index) ? nil : self[index] as Int64 }
  subscript(index: Int) -> Int { Int(self[index] as Int64) }
  subscript(index: Int) -> Int? { isNull(index) ? nil : self[index] as Int }
  subscript(index: Int) -> Bool { self[index] as Int64 != 0 }

  subscript(index: Int) -> String {
    switch place {
    case .sqlite(let statement):
      guard let start = sqlite3_column_text(statement, CInt(index)) else { return "" }
      let count = Int(sqlite3_column_bytes(statement, CInt(index)))
      return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    case .postgreSQL(let result, let row):
      return String(decoding: PostgreSQLValue.bytes(result, row, CInt(index)), as: UTF8.self)
    }
  }

  subscript(index: Int) -> String? { isNull(index) ? nil : self[index] as String }

  subscript(index: Int) -> [UInt8] {
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
  func word<Value: RawRepresentable<String>>(_ index: Int, _: Value.Type = Value.self) throws
    -> Value
  {
    let text: String = self[index]
    guard let value = Value(rawValue: text) else {
      throw StoreError.damaged("`\(text)` is not a valid \(Value.self)")
    }
    return value
  }
}
