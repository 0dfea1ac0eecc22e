/// One step of the schema, forward only. A migration that was released is never edited again.
///
/// The tables, columns and unique keys are SQLite's, so that one set of statements serves both;
/// texts are ordered by their bytes, as there. Identities stand for SQLite's row numbers.
struct PostgreSQLMigration: Sendable {
  let number: Int
  let sql: String

  /// In order, without gaps, from 1.
  static let all: [PostgreSQLMigration] = [
    .accountsAndUsage, .invoicesAndEntries, .messagesAndDueWork, .closes, .deadLetters,
    .schemaVersion, .closeTriggers, .attemptCards, .reversals, .gatewayCharges, .catalogMonths,
    .accountDates,
  ]

  static let newest = all.count
}
