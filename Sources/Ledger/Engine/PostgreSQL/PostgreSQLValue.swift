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

/// The values of one call in the binary form of the protocol, one behind the other.
struct PostgreSQLParameters {
  private var bytes: [UInt8] = []
  /// Where each value begins and how long it is; -1 for NULL.
  private var starts: [Int] = []
  private var lengths: [CInt] = []

  init() {}

  /// One list of values.
  init(_ cells: [SQLCell], _ types: [PostgreSQLType]) {
    for (cell, type) in zip(cells, types) {
      starts.append(bytes.count)
      lengths.append(append(cell, type))
    }
  }

  /// Many lists: a list for each of their places.
  init(columnsOf rows: [[SQLCell]], _ types: [PostgreSQLType]) {
    for (place, type) in types.enumerated() {
      addList(rows.lazy.map { $0[place] }, type)
    }
  }

  init(list: [String]) {
    addList(list.lazy.map { .text($0) }, .text)
  }

  /// One dimension, counted from 1.
  private mutating func addList(_ cells: some Collection<SQLCell>, _ type: PostgreSQLType) {
    let start = bytes.count
    starts.append(start)
    append(Int32(cells.isEmpty ? 0 : 1))
    append(Int32(cells.contains(.null) ? 1 : 0))
    append(type.rawValue)
    if !cells.isEmpty {
      append(Int32(cells.count))
      append(Int32(1))
    }
    for cell in cells {
      let place = bytes.count
      append(Int32(-1))
      let length = append(cell, type)
      if length < 0 { continue }
      withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
    }
    lengths.append(CInt(bytes.count - start))
  }

  /// How long it is; -1 for NULL.
  private mutating func append(_ cell: SQLCell, _ type: PostgreSQLType) -> CInt {
    let start = bytes.count
    switch (cell, type) {
    case (.null, _): return -1
    case (.integer(let value), .bigint): append(value)
    case (.integer(let value), .integer): append(Int32(value))
    case (.integer(let value), .smallint): append(Int16(value))
    case (.integer(let value), .boolean): bytes.append(value == 0 ? 0 : 1)
    case (.text(let value), .text), (.text(let value), .varchar):
      bytes.append(contentsOf: value.utf8)
    case (.bytes(let value), .bytes): bytes.append(contentsOf: value)
    default: preconditionFailure("expected a value of type \(type.name)")
    }
    return CInt(bytes.count - start)
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  typealias Values = UnsafePointer<UnsafePointer<CChar>?>
  typealias Numbers = UnsafePointer<CInt>

  /// As libpq takes them: how many, where, how long, in which format.
  func withPointers<Value>(
    _ body: (CInt, Values?, Numbers?, Numbers?) throws -> Value
  ) rethrows -> Value {
    // An empty value has an address too.
    let nothing: [UInt8] = [0]
    return try (bytes.isEmpty ? nothing : bytes).withUnsafeBytes { bytes in
      let pointers = zip(starts, lengths).map { start, length in
        length < 0
          ? nil : bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
      }
      let formats = [CInt](repeating: 1, count: starts.count)
      return try body(CInt(starts.count), pointers, lengths, formats)
    }
  }
}
