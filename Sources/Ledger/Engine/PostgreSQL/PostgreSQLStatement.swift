import Synchronization

/// One of the ledger's statements as a connection knows it: what its values are, and the names
/// under which its forms are prepared.
final class PostgreSQLStatement {
  let sql: String
  let types: [PostgreSQLType]
  /// The table a statement writes to.
  private(set) lazy var table = PostgreSQLText.table(sql)
  /// For many rows at once; `nil` where there is no such form.
  private(set) lazy var written = PostgreSQLText.written(sql, types)

  /// The names of the forms that are prepared: for one list of values, for many questions, for
  /// many rows to write.
  var single: String?
  var asking: String?
  var writing: String?

  init(_ sql: String, _ types: [PostgreSQLType]) {
    self.sql = sql
    self.types = types
  }
}

/// What the server takes each statement's values for: asked once, for all connections to it.
final class PostgreSQLSignatures: Sendable {
  private let known = Mutex<[String: [PostgreSQLType]]>([:])

  func types(of sql: String, _ ask: () throws -> [PostgreSQLType]) rethrows -> [PostgreSQLType] {
    if let types = known.withLock({ $0[sql] }) { return types }
    let types = try ask()
    known.withLock { $0[sql] = types }
    return types
  }
}

/// A statement with its values, ready to be sent.
struct PostgreSQLCall {
  enum Statement {
    case prepared(name: String)
    /// Planned when it comes.
    case text(String)
  }

  var statement: Statement
  var values: PostgreSQLParameters
}
