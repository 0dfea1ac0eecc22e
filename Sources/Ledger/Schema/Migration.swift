/// One step of the schema, forward only, for both engines. A migration that was released is never
/// edited again. From 7 on it is written once, in `SchemaWords`; the first six were written twice
/// and stay as they are.
struct Migration: Sendable {
  /// The schema's version once it is applied.
  let number: Int
  /// Raised by a migration that takes away or changes what older programs use; `nil` where it only
  /// adds, and they may go on. See "Expand, then contract" in docs/architecture.md.
  let readableFrom: Int?
  private let text: @Sendable (SchemaWords) -> String

  init(
    number: Int, readableFrom: Int? = nil, _ text: @escaping @Sendable (SchemaWords) -> String
  ) {
    self.number = number
    self.readableFrom = readableFrom
    self.text = text
  }

  func sql(_ engine: SchemaWords.Engine) -> String { text(SchemaWords(engine: engine)) }

  /// In order, without gaps, from 1.
  static let all: [Migration] =
    frozen + [
      .closeTriggers, .attemptCards, .reversals, .gatewayCharges, .catalogMonths, .accountDates,
    ]

  private static let frozen = zip(FrozenSQLite.all, FrozenPostgreSQL.all).enumerated().map {
    index, texts in
    Migration(number: index + 1) { words in
      switch words.engine {
      case .sqlite: texts.0
      case .postgreSQL: texts.1
      }
    }
  }

  static let newest = all.count

  /// The first schema that says which programs may work with it.
  static let firstWithReadableFrom = 6
}

/// The schema this program works with, for `--version`.
public let schemaVersion = Migration.newest

/// The tables, columns and unique keys are those of `FrozenSQLite`, so that one set of statements
/// serves both; texts are ordered by their bytes, as there. Identities stand for SQLite's row
/// numbers.
enum FrozenPostgreSQL {
  static let all = [
    accountsAndUsage, invoicesAndEntries, messagesAndDueWork, closes, deadLetters, schemaVersion,
  ]
}

enum FrozenSQLite {
  static let all = [
    accountsAndUsage, invoicesAndEntries, messagesAndDueWork, closes, deadLetters, schemaVersion,
  ]
}

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
