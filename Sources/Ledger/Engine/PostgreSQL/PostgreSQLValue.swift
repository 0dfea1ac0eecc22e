import CPostgres

/// PostgreSQL's types, as far as the ledger has them, in the binary form of its protocol.
enum PostgreSQLType: UInt32 {
  case boolean = 16
  case bytes = 17
  case bigint = 20
  case smallint = 21
  case integer = 23
  case text = 25
  case varchar = 1043

  var name: String {
    switch self {
    case .boolean: "boolean"
    case .bytes: "bytea"
    case .bigint: "bigint"
    case .smallint: "smallint"
    case .integer: "integer"
    case .text, .varchar: "text"
    }
  }
}

/// Values of a result.
enum PostgreSQLValue {
  /// Integers of any width, and whether something is true.
  static func integer(_ result: OpaquePointer, _ row: CInt, _ column: CInt) -> Int64 {
    let bytes = bytes(result, row, column)
    precondition(!bytes.isEmpty, "column \(column) has no value")
    return switch PostgreSQLType(rawValue: PQftype(result, column)) {
    case .bigint: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case .integer: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case .smallint: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case .boolean: Int64(bytes[0])
    default: preconditionFailure("column \(column) is read as an integer, but is not one")
    }
  }

  static func bytes(
    _ result: OpaquePointer, _ row: CInt, _ column: CInt
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
  }
}
