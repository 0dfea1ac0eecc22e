/// One transaction on one connection, as the ledger's rules and queries see it. They are written
/// once; SQLite and PostgreSQL each have a session. Statements take `?` or `?1` for their values.
///
/// SQLite is in this process, so statement after statement is the fastest there is. PostgreSQL is
/// a round trip away: what can wait is kept back and written by set, and what is asked for many
/// items is asked by set (`collect`, `readAhead`).
protocol SQLSession: AnyObject {
  var dialect: SQLDialect { get }
  /// Whether statements are gathered, so that it pays to say beforehand what a batch will ask.
  var isSetBased: Bool { get }

  /// `visit` answers whether to go on.
  func step(
    through sql: String, _ values: SQLValues, _ visit: (Row) throws -> Bool) throws
  /// For statements without a result. May be kept back until the session reads or commits.
  func run(_ sql: String, _ values: SQLValues) throws
  /// How many rows the statement changed.
  func runCounting(_ sql: String, _ values: SQLValues) throws -> Int
  /// The same statement for many rows, none of which depends on another.
  func runMany(_ sql: String, _ rows: [SQLValues]) throws
  /// Inserts what is not there yet; `keyed` are the places of the values that make the unique key.
  /// Of rows with one key the first counts. Tells for each whether it is new.
  func insertNew(_ sql: String, _ rows: [SQLValues], keyed: [Int]) throws -> [Bool]
  /// Whether the row is new. `isStored` asks the same.
  func insertIfNew(
    _ insertion: Insertion, _ values: SQLValues, isStored: () throws -> Bool
  ) throws -> Bool
  /// Statements without values, `;` between them.
  func execute(sql: String) throws

  /// No other transaction changes these accounts until this one ends. Always taken first, and in
  /// order of key, so that there is no circular wait.
  func lockAccounts(_ ids: [String]) throws

  /// A key for a new row of the table, which is given to no one else.
  func newKey(_ table: KeyedTable) throws -> Int64
  /// The number of keys that will be needed.
  func reserve(_ table: KeyedTable, _ count: Int) throws
  /// Runs `read` for every item. It only reads, and may be run several times for one.
  func collect<Item, Value>(_ items: [Item], _ read: (Item) throws -> Value) throws -> [Value]
  /// Runs `ask` for every item, so that its reads are answered from memory until the next call, or
  /// the end. A read that is not answered yet throws `NotReadYet`; `ask` is run again when it is.
  func readAhead<Item>(_ items: [Item], _ ask: (Item) throws -> Void) throws
  /// What follows belongs to another change: only the order within one is kept.
  func nextChange()
  /// An import of a million rows begins or ends.
  func expectManyRows(_ isExpected: Bool) throws
  /// Until the transaction's end whole tables are read, and it may take its time.
  func expectWholeTables() throws
}

/// Of many reads that are asked together: this one has no answer yet.
struct NotReadYet: Error {}

/// An `INSERT` that may find its row there already.
struct Insertion {
  /// Fails then.
  let plain: String
  /// Does nothing then.
  let ifNew: String

  init(_ insert: String, orNothingOn key: String) {
    plain = insert
    ifNew = "\(insert) ON CONFLICT (\(key)) DO NOTHING"
  }
}

/// Tables whose keys the ledger needs to know before it has written the row.
enum KeyedTable: String {
  case invoices = "invoices.key"
  case outgoingEvents = "outgoing_events.sequence"
  case deadManifests = "dead_manifests.key"

  var table: String { String(rawValue.prefix { $0 != "." }) }
  var column: String { String(rawValue.dropFirst(table.count + 1)) }
}

typealias SQLValues = [(any SQLValue)?]

extension SQLSession {
  func run(_ sql: String) throws { try run(sql, []) }

  func first<Value>(
    _ sql: String, _ values: SQLValues = [], _ decode: (Row) throws -> Value
  ) throws -> Value? {
    var first: Value?
    try step(through: sql, values) { row in
      first = try decode(row)
      return false
    }
    return first
  }

  func all<Value>(
    _ sql: String, _ values: SQLValues = [], _ decode: (Row) throws -> Value
  ) throws -> [Value] {
    var all: [Value] = []
    try step(through: sql, values) { row in
      all.append(try decode(row))
      return true
    }
    return all
  }

  func integer(_ sql: String, _ values: SQLValues = []) throws -> Int64? {
    try first(sql, values) { $0.isNull(at: 0) ? nil : $0[at: 0] as Int64 } ?? nil
  }

  func integers(_ sql: String, _ values: SQLValues = []) throws -> [Int64] {
    try all(sql, values) { $0[at: 0] }
  }

  func text(_ sql: String, _ values: SQLValues = []) throws -> String? {
    try first(sql, values) { $0[at: 0] }
  }

  func texts(_ sql: String, _ values: SQLValues = []) throws -> [String] {
    try all(sql, values) { $0[at: 0] }
  }

  /// False where there is no row.
  func flag(_ sql: String, _ values: SQLValues = []) throws -> Bool {
    try first(sql, values) { $0[at: 0] as Int64 != 0 } ?? false
  }
}

/// For what SQLite and PostgreSQL express differently.
struct SQLDialect: Sendable {
  /// A join executed in the order in which it is written, if the planner can be directed.
  var orderedJoin: String
  /// The text up to the first `.`
  var firstWord: @Sendable (_ expression: String) -> String
  /// Ends a `SELECT` that keeps others from changing the rows until the transaction's end; empty
  /// where only one transaction writes at a time.
  var forUpdate: String
  /// The same, leaving out what others keep.
  var forUpdateSkippingLocked: String
  /// Whether transactions write at the same time, and have to lock the rows they go by.
  var locksRows: Bool { !forUpdate.isEmpty }

  static let sqlite = SQLDialect(
    orderedJoin: "CROSS JOIN", firstWord: { "substr(\($0), 1, instr(\($0) || '.', '.') - 1)" },
    forUpdate: "", forUpdateSkippingLocked: "")

  static let postgreSQL = SQLDialect(
    orderedJoin: "JOIN", firstWord: { "split_part(\($0), '.', 1)" }, forUpdate: "FOR UPDATE",
    forUpdateSkippingLocked: "FOR UPDATE SKIP LOCKED")
}

/// What stands in the parentheses of `IN (…)`.
enum SQLList {
  /// A `?` for each value.
  static func places(_ count: Int) -> String {
    [String](repeating: "?", count: count).joined(separator: ", ")
  }

  static func of(_ numbers: some Sequence<some BinaryInteger>) -> String {
    numbers.map { "\($0)" }.joined(separator: ", ")
  }
}
