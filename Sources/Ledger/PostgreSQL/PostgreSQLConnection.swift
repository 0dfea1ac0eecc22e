import CPostgres

/// A result that was read whole.
final class PostgreSQLResult {
  let pointer: OpaquePointer
  var count: Int { Int(PQntuples(pointer)) }
  var columns: Int { Int(PQnfields(pointer)) }

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit { PQclear(pointer) }

  func row(_ number: Int) -> Row { Row(.postgreSQL(pointer, CInt(number))) }

  /// Rows that a statement wrote.
  var changed: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }
}

/// A connection through libpq. Every call blocks, so it belongs on a thread of its own.
final class PostgreSQLConnection {
  private let handle: OpaquePointer
  private var prepared: [String: String] = [:]
  private var types: [String: [PostgreSQLType]] = [:]

  init(_ handle: OpaquePointer) {
    self.handle = handle
  }

  deinit { PQfinish(handle) }

  var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }
  var isEncrypted: Bool { PQsslInUse(handle) != 0 }

  /// Statements without values; the last one's result.
  @discardableResult
  func execute(_ sql: String) throws -> PostgreSQLResult {
    try checked(PQexec(handle, sql))
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws -> String {
    let result = try execute(sql)
    return result.count == 0 ? "" : String(cString: PQgetvalue(result.pointer, 0, 0))
  }

  /// With values, planned anew each time: for what reads whole tables.
  func unprepared(_ sql: String, _ cells: [SQLCell]) throws -> PostgreSQLResult {
    let text = PostgreSQLText.numbered(sql)
    let values = zip(cells, try parameterTypes(sql)).map { PostgreSQLValue.encoded($0, as: $1) }
    return try Self.withParameters(values) { count, values, lengths, formats in
      try checked(PQexecParams(handle, text, count, nil, values, lengths, formats, 1))
    }
  }

  func run(_ sql: String, _ cells: [SQLCell]) throws -> PostgreSQLResult {
    let types = try parameterTypes(sql)
    precondition(types.count == cells.count, sql)
    let name = try prepare(PostgreSQLText.numbered(sql))
    return try run(named: name, zip(cells, types).map { PostgreSQLValue.encoded($0, as: $1) })
  }

  /// Each question's rows, the last column telling which.
  func ask(_ sql: String, _ lists: [[SQLCell]]) throws -> PostgreSQLResult {
    let types = try parameterTypes(sql)
    let name = try prepare(PostgreSQLText.asked(sql, types))
    return try run(named: name, Self.columns(lists, types))
  }

  /// A statement whose only value is a list of texts, however long.
  func lock(_ sql: String, _ texts: [String]) throws -> PostgreSQLResult {
    let list = PostgreSQLValue.encoded(texts.map { SQLCell.text($0) }, as: .text)
    return try run(named: try prepare(sql), [list])
  }

  /// `ending` is put behind the statement.
  func write(
    _ sql: String, _ rows: [[SQLCell]], ending: String = ""
  ) throws -> PostgreSQLResult {
    let types = try parameterTypes(sql)
    guard let text = PostgreSQLText.written(sql, types) else {
      preconditionFailure("no form for many rows: \(sql)")
    }
    return try run(named: try prepare(text + ending), Self.columns(rows, types))
  }

  /// One statement after the other, sent together: a single round trip.
  func write(_ groups: [(sql: String, rows: [[SQLCell]])]) throws {
    let statements = try groups.map { group -> (name: String, values: [[UInt8]?]) in
      let types = try parameterTypes(group.sql)
      guard group.rows.count > 1, let text = PostgreSQLText.written(group.sql, types) else {
        return (
          try prepare(PostgreSQLText.numbered(group.sql)),
          zip(group.rows[0], types).map { PostgreSQLValue.encoded($0, as: $1) }
        )
      }
      return (try prepare(text), Self.columns(group.rows, types))
    }
    if statements.count == 1 {
      _ = try run(named: statements[0].0, statements[0].1)
      return
    }
    try pipeline(statements)
  }

  private func pipeline(_ statements: [(name: String, values: [[UInt8]?])]) throws {
    guard PQenterPipelineMode(handle) == 1 else { throw PostgreSQLError(nil, handle) }
    var fault: PostgreSQLError?
    for statement in statements {
      let sent = Self.withParameters(statement.values) { count, values, lengths, formats in
        PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
      }
      guard sent == 1 else { throw PostgreSQLError(nil, handle) }
    }
    guard PQpipelineSync(handle) == 1 else { throw PostgreSQLError(nil, handle) }
    for _ in statements {
      while let result = PQgetResult(handle) {
        let status = PQresultStatus(result)
        if status == PGRES_FATAL_ERROR && fault == nil {
          fault = PostgreSQLError(result, handle)
        }
        PQclear(result)
      }
      if PQstatus(handle) == CONNECTION_BAD { throw fault ?? PostgreSQLError(nil, handle) }
    }
    if let sync = PQgetResult(handle) { PQclear(sync) }
    guard PQexitPipelineMode(handle) == 1 else { throw fault ?? PostgreSQLError(nil, handle) }
    if let fault { throw fault }
  }

  private func run(named name: String, _ values: [[UInt8]?]) throws -> PostgreSQLResult {
    try Self.withParameters(values) { count, values, lengths, formats in
      try checked(PQexecPrepared(handle, name, count, values, lengths, formats, 1))
    }
  }

  private func prepare(_ text: String) throws -> String {
    if let name = prepared[text] { return name }
    let name = "s\(prepared.count)"
    _ = try checked(PQprepare(handle, name, text, 0, nil))
    prepared[text] = name
    return name
  }

  /// What the server takes the statement's values for.
  private func parameterTypes(_ sql: String) throws -> [PostgreSQLType] {
    if let known = types[sql] { return known }
    _ = try checked(PQprepare(handle, "", PostgreSQLText.numbered(sql), 0, nil))
    let described = try checked(PQdescribePrepared(handle, ""))
    let found = (0..<PQnparams(described.pointer)).map { place in
      guard let type = PostgreSQLType(rawValue: PQparamtype(described.pointer, place)) else {
        preconditionFailure("a value of a type that is not used: \(sql)")
      }
      return type
    }
    types[sql] = found
    return found
  }

  private func checked(_ result: OpaquePointer?) throws -> PostgreSQLResult {
    guard let result else { throw PostgreSQLError(nil, handle) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return PostgreSQLResult(result)
    default:
      defer { PQclear(result) }
      throw PostgreSQLError(result, handle)
    }
  }

  private static func columns(
    _ rows: [[SQLCell]], _ types: [PostgreSQLType]
  ) -> [[UInt8]?] {
    types.enumerated().map { place, type in
      PostgreSQLValue.encoded(rows.map { $0[place] }, as: type)
    }
  }

  private typealias Values = UnsafePointer<UnsafePointer<CChar>?>
  private typealias Numbers = UnsafePointer<CInt>

  private static func withParameters<Value>(
    _ values: [[UInt8]?], _ body: (CInt, Values?, Numbers?, Numbers?) throws -> Value
  ) rethrows -> Value {
    var storage: [UInt8] = []
    let starts = values.map { value in
      defer { storage += value ?? [] }
      return storage.count
    }
    storage.append(0)  // an empty value has an address too
    return try storage.withUnsafeBytes { bytes in
      let pointers = zip(values, starts).map { value, start in
        value == nil
          ? nil : bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
      }
      let lengths = values.map { CInt($0?.count ?? 0) }
      let formats = values.map { _ in CInt(1) }
      return try body(CInt(values.count), pointers, lengths, formats)
    }
  }
}
