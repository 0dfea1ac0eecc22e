/// One transaction on one connection. Writes are kept back and sent together; questions of many
/// items are asked together, in rounds: what an item needs is noted when it asks, and it is run
/// again when the answers are there. So the ledger's rules need not know what they will read.
final class PostgreSQLSession: SQLSession {
  private let connection: PostgreSQLConnection
  private let extent: ReadExtent
  let isSetBased: Bool

  private var isAsking = false
  /// Only where the changes of a batch are known not to depend on each other.
  private var isGathering = false
  private var answers: [ObjectIdentifier: [[SQLCell]: Answer]] = [:]
  private var questions: [ObjectIdentifier: Question] = [:]
  private var writes = PendingWrites()
  private var keys: [KeyedTable: ArraySlice<Int64>] = [:]

  private struct Answer {
    var result: PostgreSQLResult
    var rows: [Int]
  }

  /// A statement, and the lists of values it is asked for.
  private struct Question {
    let statement: PostgreSQLStatement
    var lists: Set<[SQLCell]> = []
  }

  init(_ connection: PostgreSQLConnection, _ extent: ReadExtent, isSetBased: Bool) {
    self.connection = connection
    self.extent = extent
    self.isSetBased = isSetBased
  }

  var dialect: SQLDialect { .postgreSQL }

  func step(
    through sql: String, _ values: SQLValues, _ visit: (Row) throws -> Bool
  ) throws {
    let statement = try connection.statement(sql)
    let cells = cells(values)
    let key = ObjectIdentifier(statement)
    if let answer = answers[key]?[cells] {
      for row in answer.rows where try !visit(answer.result.row(row)) { return }
      return
    }
    if isAsking {
      questions[key, default: Question(statement: statement)].lists.insert(cells)
      throw NotReadYet()
    }
    try sendWrites()
    let result = try connection.run(question(statement, cells))
    for row in 0..<result.count where try !visit(result.row(row)) { return }
  }

  private func question(
    _ statement: PostgreSQLStatement, _ cells: [SQLCell]
  ) throws -> PostgreSQLCall {
    switch extent {
    case .rows: try connection.single(statement, cells)
    case .tables: connection.unprepared(statement, cells)
    }
  }

  private func cells(_ values: SQLValues) -> [SQLCell] {
    values.map { $0?.cell ?? .null }
  }

  func run(_ sql: String, _ values: SQLValues) throws {
    let statement = try connection.statement(sql)
    if isGathering, writes.takes(statement) {
      writes.add(statement, cells(values))
      return
    }
    try sendWrites()
    _ = try connection.run(connection.single(statement, cells(values)))
  }

  func runCounting(_ sql: String, _ values: SQLValues) throws -> Int {
    try sendWrites()
    return try connection.run(connection.single(connection.statement(sql), cells(values))).changed
  }

  func runMany(_ sql: String, _ rows: [SQLValues]) throws {
    let statement = try connection.statement(sql)
    if isGathering, writes.takes(statement) {
      for row in rows {
        writes.nextChange()
        writes.add(statement, cells(row))
      }
      return
    }
    try sendWrites()
    for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
      let part = rows[start..<min(start + Self.rowsAtOnce, rows.count)]
      _ = try connection.run(connection.writing(statement, part.map(cells)))
    }
  }

  /// Rows sent in one statement.
  private static let rowsAtOnce = 5_000

  func insertNew(_ sql: String, _ rows: [SQLValues], keyed: [Int]) throws -> [Bool] {
    try sendWrites()
    if rows.isEmpty { return [] }
    let cells = rows.map(cells)
    let columns = Self.columns(sql)
    let result = try connection.run(
      connection.writing(
        connection.statement(sql), cells,
        ending: " RETURNING \(keyed.map { columns[$0] }.joined(separator: ", "))"))
    var new: Set<[SQLCell]> = []
    for number in 0..<result.count {
      let row = result.row(number)
      new.insert(
        keyed.enumerated().map { place, column in
          switch cells[0][column] {
          case .integer: .integer(row[at: place])
          default: .text(row[at: place])
          }
        })
    }
    return cells.map { cells in new.remove(keyed.map { cells[$0] }) != nil }
  }

  /// The names in an INSERT's first parentheses.
  private static func columns(_ sql: String) -> [String] {
    guard let start = sql.firstIndex(of: "("), let end = sql.firstIndex(of: ")") else { return [] }
    return sql[sql.index(after: start)..<end].split { $0 == "," || $0.isWhitespace }
      .map(String.init)
  }

  func insertIfNew(
    _ insertion: Insertion, _ values: SQLValues, isStored: () throws -> Bool
  ) throws -> Bool {
    guard isGathering else { return try runCounting(insertion.ifNew, values) == 1 }
    if try isStored() { return false }
    // What somebody else wrote since it was asked for is a collision.
    try run(insertion.plain, values)
    return true
  }

  func execute(sql: String) throws {
    try sendWrites()
    try connection.execute(sql)
  }

  func lockAccounts(_ ids: [String]) throws {
    if ids.isEmpty { return }
    let name = try connection.prepare(
      "SELECT key FROM accounts WHERE id = ANY ($1::text[]) ORDER BY key FOR NO KEY UPDATE")
    _ = try connection.run(
      PostgreSQLCall(statement: .prepared(name: name), values: PostgreSQLParameters(list: ids)))
  }

  func newKey(_ table: KeyedTable) throws -> Int64 {
    if keys[table]?.isEmpty != false { try reserve(table, 1) }
    guard let key = keys[table]?.popFirst() else {
      throw StoreError.damaged("\(table.rawValue) has run out of numbers")
    }
    return key
  }

  func reserve(_ table: KeyedTable, _ count: Int) throws {
    if count == 0 { return }
    let sequence = "pg_get_serial_sequence('\(table.table)', '\(table.column)')"
    let sql = "SELECT nextval(\(sequence)::regclass) FROM generate_series(1, ?)"
    let result = try connection.run(
      connection.single(connection.statement(sql), [.integer(Int64(count))]))
    keys[table] = (keys[table] ?? []) + (0..<result.count).map { result.row($0)[at: 0] as Int64 }
  }

  func collect<Item, Value>(
    _ items: [Item], _ read: (Item) throws -> Value
  ) throws -> [Value] {
    guard items.count > 1 && !isAsking else { return try items.map(read) }
    try sendWrites()
    var values = [Value?](repeating: nil, count: items.count)
    try inRounds {
      for (index, item) in items.enumerated() where values[index] == nil {
        do { values[index] = try read(item) } catch is NotReadYet {}  // asked in the next round
      }
    }
    answers = [:]
    return values.compactMap { $0 }
  }

  func readAhead<Item>(_ items: [Item], _ ask: (Item) throws -> Void) throws {
    try sendWrites()
    answers = [:]
    isGathering = true
    try inRounds {
      for item in items {
        do { try ask(item) } catch is NotReadYet {}  // asked in the next round
      }
    }
  }

  private func inRounds(_ round: () throws -> Void) throws {
    repeat {
      questions = [:]
      isAsking = true
      defer { isAsking = false }
      try round()
      isAsking = false
      try answer(Array(questions.values))
    } while !questions.isEmpty
  }

  private func answer(_ questions: [Question]) throws {
    if questions.isEmpty { return }
    let asked = questions.map { ($0.statement, Array($0.lists)) }
    let results = try connection.run(
      asked.map { statement, lists in
        Self.isSingle(lists)
          ? try question(statement, lists[0]) : try connection.asking(statement, lists)
      })
    for ((statement, lists), result) in zip(asked, results) {
      let rows = Self.isSingle(lists) ? [Array(0..<result.count)] : Self.rows(result, lists.count)
      for (list, rows) in zip(lists, rows) {
        let answer = Answer(result: result, rows: rows)
        answers[ObjectIdentifier(statement), default: [:]][list] = answer
      }
    }
  }

  /// Asked in the statement's own form.
  private static func isSingle(_ lists: [[SQLCell]]) -> Bool {
    lists.count == 1 || lists[0].isEmpty
  }

  /// By question: the last column tells which one a row answers.
  private static func rows(_ result: PostgreSQLResult, _ count: Int) -> [[Int]] {
    var rows = [[Int]](repeating: [], count: count)
    let last = result.columns - 1
    for number in 0..<result.count {
      rows[Int(result.row(number)[at: last] as Int64) - 1].append(number)
    }
    return rows
  }

  func nextChange() {
    writes.nextChange()
  }

  /// The transaction's own times, until its end.
  func expectManyRows(_ isExpected: Bool) throws {
    guard isExpected else { return }
    connection.limit.expect(silence: PostgreSQLTimes.longSilence)
    try connection.execute(PostgreSQLTimes.long)
  }

  func expectWholeTables() throws {
    connection.limit.expect(silence: PostgreSQLTimes.longSilence)
    try connection.execute(PostgreSQLOpening.wholeTables)
  }

  /// Before the commit: sends what was kept back, and asks for the number of the transaction, which
  /// tells later what became of a commit whose answer was lost.
  func seal() throws -> String {
    let name = try connection.prepare("SELECT pg_current_xact_id()::text")
    let number = PostgreSQLCall(
      statement: .prepared(name: name), values: PostgreSQLParameters())
    guard let result = try connection.run(heldBack() + [number]).last, result.count == 1 else {
      throw StoreError.damaged("the server did not report the transaction's number")
    }
    return result.row(0)[at: 0]
  }

  private func sendWrites() throws {
    let calls = try heldBack()
    if !calls.isEmpty { _ = try connection.run(calls) }
  }

  /// One row in the statement's own form, which the server knows best, many by one statement.
  private func heldBack() throws -> [PostgreSQLCall] {
    try writes.take().flatMap { group in
      if group.rows.count > 1 && group.statement.written != nil {
        return [try connection.writing(group.statement, group.rows)]
      }
      return try group.rows.map { try connection.single(group.statement, $0) }
    }
  }
}
