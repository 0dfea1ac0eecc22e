/// A question of a batch that is not answered from memory yet.
private struct Unanswered: Error {}

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
  private var answers: [String: [[SQLCell]: Answer]] = [:]
  private var questions: [String: Set<[SQLCell]>] = [:]
  private var writes = PendingWrites()
  private var keys: [KeyedTable: ArraySlice<Int64>] = [:]

  private struct Answer {
    var result: PostgreSQLResult
    var rows: [Int]
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
    let cells = values.map { $0?.cell ?? .null }
    if let answer = answers[sql]?[cells] {
      for row in answer.rows where try !visit(answer.result.row(row)) { return }
      return
    }
    if isAsking {
      questions[sql, default: []].insert(cells)
      throw Unanswered()
    }
    try sendWrites()
    let result = try asked(sql, cells)
    for row in 0..<result.count where try !visit(result.row(row)) { return }
  }

  private func asked(_ sql: String, _ cells: [SQLCell]) throws -> PostgreSQLResult {
    switch extent {
    case .rows: try connection.run(sql, cells)
    case .tables: try connection.unprepared(sql, cells)
    }
  }

  func run(_ sql: String, _ values: SQLValues) throws {
    let cells = values.map { $0?.cell ?? .null }
    if isGathering {
      writes.add(sql, cells)
    } else {
      _ = try connection.run(sql, cells)
    }
  }

  func runCounting(_ sql: String, _ values: SQLValues) throws -> Int {
    try sendWrites()
    return try connection.run(sql, values.map { $0?.cell ?? .null }).changed
  }

  func runMany(_ sql: String, _ rows: [SQLValues]) throws {
    try sendWrites()
    for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
      let part = rows[start..<min(start + Self.rowsAtOnce, rows.count)]
      _ = try connection.write(sql, part.map { $0.map { $0?.cell ?? .null } })
    }
  }

  /// Rows sent in one statement.
  private static let rowsAtOnce = 5_000

  func insertNew(_ sql: String, _ rows: [SQLValues], keyed: [Int]) throws -> [Bool] {
    try sendWrites()
    if rows.isEmpty { return [] }
    let cells = rows.map { $0.map { $0?.cell ?? .null } }
    let columns = Self.columns(sql)
    let result = try connection.write(
      sql, cells, ending: " RETURNING \(keyed.map { columns[$0] }.joined(separator: ", "))")
    var new: Set<[SQLCell]> = []
    for number in 0..<result.count {
      let row = result.row(number)
      new.insert(
        keyed.enumerated().map { place, column in
          switch cells[0][column] {
          case .integer: .integer(row[place])
          default: .text(row[place])
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
    _ sql: String, _ values: SQLValues, isStored: () throws -> Bool
  ) throws -> Bool {
    guard isGathering else { return try runCounting(sql, values) == 1 }
    if try isStored() { return false }
    // Without its ON CONFLICT: what somebody else wrote since it was asked for is a collision.
    let end = sql.firstRange(of: " ON CONFLICT")?.lowerBound ?? sql.endIndex
    try run(String(sql[..<end]), values)
    return true
  }

  func execute(sql: String) throws {
    try sendWrites()
    try connection.execute(sql)
  }

  func lockAccounts(_ ids: [String]) throws {
    if ids.isEmpty { return }
    _ = try connection.lock(
      "SELECT key FROM accounts WHERE id = ANY ($1::text[]) ORDER BY key FOR NO KEY UPDATE", ids)
  }

  func newKey(_ table: KeyedTable) throws -> Int64 {
    if keys[table]?.isEmpty != false { try reserve(table, 1) }
    guard let key = keys[table]?.popFirst() else {
      throw StoreError.damaged("\(table.rawValue) has no numbers left")
    }
    return key
  }

  func reserve(_ table: KeyedTable, _ count: Int) throws {
    if count == 0 { return }
    let sequence = "pg_get_serial_sequence('\(table.table)', '\(table.column)')"
    let sql = "SELECT nextval(\(sequence)::regclass) FROM generate_series(1, ?)"
    let result = try connection.run(sql, [.integer(Int64(count))])
    keys[table] = (keys[table] ?? []) + (0..<result.count).map { result.row($0)[0] as Int64 }
  }

  func collect<Item, Value>(
    _ items: [Item], _ read: (Item) throws -> Value
  ) throws -> [Value] {
    guard items.count > 1 && !isAsking else { return try items.map(read) }
    try sendWrites()
    var values = [Value?](repeating: nil, count: items.count)
    try inRounds {
      for (index, item) in items.enumerated() where values[index] == nil {
        do { values[index] = try read(item) } catch is Unanswered {}  // asked in the next round
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
        do { try ask(item) } catch is Unanswered {}  // asked in the next round
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
      for (sql, lists) in questions { try answer(sql, Array(lists)) }
    } while !questions.isEmpty
  }

  private func answer(_ sql: String, _ lists: [[SQLCell]]) throws {
    if lists.count == 1 || lists[0].isEmpty {
      let result = try asked(sql, lists[0])
      answers[sql, default: [:]][lists[0]] = Answer(result: result, rows: Array(0..<result.count))
      return
    }
    let result = try connection.ask(sql, lists)
    var rows = [[Int]](repeating: [], count: lists.count)
    let last = result.columns - 1
    for number in 0..<result.count {
      rows[(result.row(number)[last] as Int) - 1].append(number)
    }
    for (list, rows) in zip(lists, rows) {
      answers[sql, default: [:]][list] = Answer(result: result, rows: rows)
    }
  }

  func nextChange() {
    writes.nextChange()
  }

  func expectManyRows(_ isExpected: Bool) throws {}

  func flush() throws {
    try sendWrites()
    answers = [:]
  }

  private func sendWrites() throws {
    let groups = writes.take()
    if !groups.isEmpty { try connection.write(groups) }
  }
}
