/// One step of the schema, forward only. A migration that was released is never edited again.
struct Migration: Sendable {
  /// `PRAGMA user_version` once it is applied.
  let number: Int
  let sql: String

  /// In order, without gaps, from 1.
  static let all: [Migration] = [
    .accountsAndUsage, .invoicesAndEntries, .messagesAndDueWork, .closes, .deadLetters,
  ]

  static let newest = all.count

  /// `PRAGMA application_id` of a month-close store: "mcls".
  static let applicationID: Int32 = 0x6D63_6C73
}
