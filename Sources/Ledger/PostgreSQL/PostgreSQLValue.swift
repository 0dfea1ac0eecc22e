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

enum PostgreSQLValue {
  /// Integers of any width, and whether something is true.
  static func integer(_ result: OpaquePointer, _ row: CInt, _ column: CInt) -> Int64 {
    let bytes = bytes(result, row, column)
    let unsigned = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return switch PostgreSQLType(rawValue: PQftype(result, column)) {
    case .boolean, .bigint: Int64(bitPattern: unsigned)
    case .integer: Int64(Int32(truncatingIfNeeded: unsigned))
    case .smallint: Int64(Int16(truncatingIfNeeded: unsigned))
    default: preconditionFailure("column \(column) is read as an integer, and is none")
    }
  }

  static func bytes(
    _ result: OpaquePointer, _ row: CInt, _ column: CInt
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
  }

  /// `nil` for NULL.
  static func encoded(_ cell: SQLCell, as type: PostgreSQLType) -> [UInt8]? {
    switch (cell, type) {
    case (.null, _): nil
    case (.integer(let value), .bigint): bigEndian(value)
    case (.integer(let value), .integer): bigEndian(Int32(truncatingIfNeeded: value))
    case (.integer(let value), .smallint): bigEndian(Int16(truncatingIfNeeded: value))
    case (.integer(let value), .boolean): [value == 0 ? 0 : 1]
    case (.text(let value), .text), (.text(let value), .varchar): Array(value.utf8)
    case (.bytes(let value), .bytes): value
    default: preconditionFailure("a value of another type than \(type.name) is given")
    }
  }

  /// One dimension, counted from 1.
  static func encoded(_ cells: some Collection<SQLCell>, as type: PostgreSQLType) -> [UInt8] {
    let hasNull = cells.contains(.null)
    var bytes = bigEndian(Int32(cells.isEmpty ? 0 : 1)) + bigEndian(Int32(hasNull ? 1 : 0))
    bytes += bigEndian(type.rawValue)
    if cells.isEmpty { return bytes }
    bytes += bigEndian(Int32(cells.count)) + bigEndian(Int32(1))
    for cell in cells {
      guard let element = encoded(cell, as: type) else {
        bytes += bigEndian(Int32(-1))
        continue
      }
      bytes += bigEndian(Int32(element.count))
      bytes += element
    }
    return bytes
  }

  private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
