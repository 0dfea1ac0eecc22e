/// What a migration is written in: where SQLite and PostgreSQL have no words in common. All tables
/// are strict, texts are ordered by their bytes.
struct SchemaWords: Sendable {
  enum Engine: Sendable { case sqlite, postgreSQL }

  let engine: Engine

  var integer: String {
    switch engine {
    case .sqlite: "INTEGER"
    case .postgreSQL: "bigint"
    }
  }

  var text: String {
    switch engine {
    case .sqlite: "TEXT"
    case .postgreSQL: #"text COLLATE "C""#
    }
  }

  /// Ends a table whose primary key is not a number of its own.
  var keyedTable: String {
    switch engine {
    case .sqlite: " STRICT, WITHOUT ROWID"
    case .postgreSQL: ""
    }
  }

  /// A trigger that refuses a change: of any row, or of one for which `condition` holds.
  func refusing(
    _ change: String, on table: String, _ name: String, when condition: String? = nil,
    because message: String
  ) -> String {
    let head = "CREATE TRIGGER \(name) BEFORE \(change) ON \(table)\n"
    switch engine {
    case .sqlite:
      let when = condition.map { "WHEN \($0)\n" } ?? ""
      return "\(head)\(when)BEGIN SELECT RAISE(ABORT, '\(message)'); END;"
    case .postgreSQL:
      let rows = condition.map { "ROW WHEN (\($0))" } ?? "STATEMENT"
      return "\(head)FOR EACH \(rows) EXECUTE FUNCTION month_close_refuse('\(message)');"
    }
  }

  func dropTrigger(_ name: String, on table: String) -> String {
    switch engine {
    case .sqlite: "DROP TRIGGER \(name);"
    case .postgreSQL: "DROP TRIGGER \(name) ON \(table);"
    }
  }
}
