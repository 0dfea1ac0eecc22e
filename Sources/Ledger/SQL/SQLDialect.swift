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

  static let sqlite = SQLDialect(
    orderedJoin: "CROSS JOIN", firstWord: { "substr(\($0), 1, instr(\($0) || '.', '.') - 1)" },
    forUpdate: "", forUpdateSkippingLocked: "")

  static let postgreSQL = SQLDialect(
    orderedJoin: "JOIN", firstWord: { "split_part(\($0), '.', 1)" }, forUpdate: "FOR UPDATE",
    forUpdateSkippingLocked: "FOR UPDATE SKIP LOCKED")
}
