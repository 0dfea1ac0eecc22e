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

/// A connection through libpq. Every call blocks, so it belongs on its own thread.
final class PostgreSQLConnection {
  let handle: OpaquePointer
  let limit: AnswerLimit
  /// The server was silent for too long: anything it may still say is ignored.
  var isGivenUp = false
  private let signatures: PostgreSQLSignatures
  private var statements: [String: PostgreSQLStatement] = [:]
  private var prepared: [String: String] = [:]
  /// Sent before the next call.
  private var beginning: String?

  init(_ handle: OpaquePointer, _ signatures: PostgreSQLSignatures, _ limit: AnswerLimit) {
    self.handle = handle
    self.signatures = signatures
    self.limit = limit
    // Waiting is done here, with a deadline.
    PQsetnonblocking(handle, 1)
  }

  deinit { PQfinish(handle) }

  var isUsable: Bool { !isGivenUp && PQstatus(handle) == CONNECTION_OK }
  var isInTransaction: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }
  /// A pipeline could not be ended: nothing else can be sent.
  var isStuck: Bool { PQpipelineStatus(handle) != PQ_PIPELINE_OFF }

  /// `sql` opens a transaction, together with what is run first in it: one round trip less.
  func begin(_ sql: String) {
    beginning = sql
  }

  /// Statements without values; the last one's result.
  @discardableResult
  func execute(_ sql: String) throws -> PostgreSQLResult {
    defer { beginning = nil }
    return try answer(
      toSent: PQsendQuery(handle, (beginning.map { "\($0); " } ?? "") + sql))
  }

  /// Ends the transaction, if anything was run in it.
  func end(_ sql: String) throws {
    beginning = nil
    if isInTransaction { try execute(sql) }
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws -> String {
    let result = try execute(sql)
    return result.count == 0 ? "" : String(cString: PQgetvalue(result.pointer, 0, 0))
  }

  func run(_ call: PostgreSQLCall) throws -> PostgreSQLResult {
    beginning == nil ? try send(call) : try run([call])[0]
  }

  /// One after the other, sent together: a single round trip.
  func run(_ calls: [PostgreSQLCall]) throws -> [PostgreSQLResult] {
    guard let sql = beginning else {
      return calls.count == 1 ? [try send(calls[0])] : try pipeline(calls)
    }
    let opening = PostgreSQLCall(
      statement: .prepared(name: try prepare(sql)), values: PostgreSQLParameters())
    beginning = nil
    return Array(try pipeline([opening] + calls).dropFirst())
  }

  private func send(_ call: PostgreSQLCall) throws -> PostgreSQLResult {
    try call.values.withPointers { count, values, lengths, formats in
      switch call.statement {
      case .prepared(let name):
        try answer(
          toSent: PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1))
      case .text(let text):
        try answer(
          toSent: PQsendQueryParams(handle, text, count, nil, values, lengths, formats, 1))
      }
    }
  }

  private func pipeline(_ calls: [PostgreSQLCall]) throws -> [PostgreSQLResult] {
    guard PQenterPipelineMode(handle) == 1 else { throw PostgreSQLError(nil, handle) }
    for call in calls {
      let sent = call.values.withPointers { count, values, lengths, formats in
        switch call.statement {
        case .prepared(let name):
          PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1)
        case .text(let text):
          PQsendQueryParams(handle, text, count, nil, values, lengths, formats, 1)
        }
      }
      guard sent == 1 else { throw PostgreSQLError(nil, handle) }
    }
    guard PQpipelineSync(handle) == 1 else { throw PostgreSQLError(nil, handle) }
    var results: [PostgreSQLResult] = []
    var fault: PostgreSQLError?
    for _ in calls {
      while let pointer = try nextResult() {
        let result = PostgreSQLResult(pointer)
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: results.append(result)
        default: fault = fault ?? PostgreSQLError(pointer, handle)
        }
      }
      if !isUsable { break }
    }
    if let sync = try nextResult() { PQclear(sync) }
    let isEnded = PQexitPipelineMode(handle) == 1
    if isEnded && isUsable && fault == nil { return results }
    var told = fault ?? PostgreSQLError(nil, handle)
    // If the server ended the connection with a message, the end is read after the message.
    told.isLost = !isUsable
    throw told
  }
}

// MARK: Statements

extension PostgreSQLConnection {
  func statement(_ sql: String) throws -> PostgreSQLStatement {
    if let known = statements[sql] { return known }
    let statement = PostgreSQLStatement(sql, try signatures.types(of: sql) { try described(sql) })
    statements[sql] = statement
    return statement
  }

  private func described(_ sql: String) throws -> [PostgreSQLType] {
    _ = try answer(toSent: PQsendPrepare(handle, "", PostgreSQLText.numbered(sql), 0, nil))
    let described = try answer(toSent: PQsendDescribePrepared(handle, ""))
    return (0..<PQnparams(described.pointer)).map { place in
      guard let type = PostgreSQLType(rawValue: PQparamtype(described.pointer, place)) else {
        preconditionFailure("a value of an unsupported type: \(sql)")
      }
      return type
    }
  }

  /// Statements that are needed again are replanned for the tables as they are then.
  func forgetPlans() throws {
    try execute("DISCARD PLANS")
  }

  /// The server's name for it.
  func prepare(_ text: String) throws -> String {
    if let name = prepared[text] { return name }
    let name = "s\(prepared.count)"
    _ = try answer(toSent: PQsendPrepare(handle, name, text, 0, nil))
    prepared[text] = name
    return name
  }

  /// For one list of values.
  func single(_ statement: PostgreSQLStatement, _ cells: [SQLCell]) throws -> PostgreSQLCall {
    precondition(statement.types.count == cells.count, statement.sql)
    let name = try statement.single ?? prepare(PostgreSQLText.numbered(statement.sql))
    statement.single = name
    return PostgreSQLCall(
      statement: .prepared(name: name), values: PostgreSQLParameters(cells, statement.types))
  }

  /// Planned anew each time: for what reads whole tables.
  func unprepared(_ statement: PostgreSQLStatement, _ cells: [SQLCell]) -> PostgreSQLCall {
    PostgreSQLCall(
      statement: .text(PostgreSQLText.numbered(statement.sql)),
      values: PostgreSQLParameters(cells, statement.types))
  }

  /// Each question's rows; the last column identifies the question.
  func asking(_ statement: PostgreSQLStatement, _ lists: [[SQLCell]]) throws -> PostgreSQLCall {
    let name =
      try statement.asking ?? prepare(PostgreSQLText.asked(statement.sql, statement.types))
    statement.asking = name
    return PostgreSQLCall(
      statement: .prepared(name: name),
      values: PostgreSQLParameters(columnsOf: lists, statement.types))
  }

  /// Many rows in one statement; `ending` is appended.
  func writing(
    _ statement: PostgreSQLStatement, _ rows: [[SQLCell]], ending: String = ""
  ) throws -> PostgreSQLCall {
    guard let text = statement.written else {
      preconditionFailure("no multi-row form: \(statement.sql)")
    }
    let known = ending.isEmpty ? statement.writing : nil
    let name = try known ?? prepare(text + ending)
    if ending.isEmpty { statement.writing = name }
    return PostgreSQLCall(
      statement: .prepared(name: name),
      values: PostgreSQLParameters(columnsOf: rows, statement.types))
  }
}
