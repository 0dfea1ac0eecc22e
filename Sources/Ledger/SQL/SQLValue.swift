import GRDBSQLite

/// What a statement's `?` can stand for: integers, texts, bytes; `nil` is NULL.
protocol SQLValue {
  func bind(to statement: OpaquePointer, at index: CInt) -> CInt
  var cell: SQLCell { get }
}

/// A value that is kept: to be sent with others, or to find what was read with it.
enum SQLCell: Hashable, Sendable {
  case null
  case integer(Int64)
  case text(String)
  case bytes([UInt8])

  /// Bytes as a whole: an array's own way is one by one, and the bodies of a batch are many.
  func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .integer(let value): hasher.combine(value)
    case .text(let value): hasher.combine(value)
    case .bytes(let value): value.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
  }
}

/// SQLite copies the bytes before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: SQLValue {
  var cell: SQLCell { .integer(self) }

  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    sqlite3_bind_int64(statement, index, self)
  }
}

extension Int: SQLValue {
  var cell: SQLCell { .integer(Int64(self)) }

  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    sqlite3_bind_int64(statement, index, Int64(self))
  }
}

extension Bool: SQLValue {
  var cell: SQLCell { .integer(self ? 1 : 0) }

  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    sqlite3_bind_int64(statement, index, self ? 1 : 0)
  }
}

extension String: SQLValue {
  var cell: SQLCell { .text(self) }

  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    var text = self
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        guard let start = bytes.baseAddress else {
          return sqlite3_bind_text(statement, index, "", 0, copied)
        }
        return sqlite3_bind_text(statement, index, start, CInt(bytes.count), copied)
      }
    }
  }
}

extension [UInt8]: SQLValue {
  var cell: SQLCell { .bytes(self) }

  func bind(to statement: OpaquePointer, at index: CInt) -> CInt {
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else {
        return sqlite3_bind_zeroblob(statement, index, 0)
      }
      return sqlite3_bind_blob(statement, index, start, CInt(bytes.count), copied)
    }
  }
}
