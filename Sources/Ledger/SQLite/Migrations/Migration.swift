/// One step of the schema, forward only. A migration that was released is never edited again.
struct Migration: Sendable {
  /// The schema's version once it is applied.
  let number: Int
  let sql: String
  /// Raised by a migration that takes away or changes what older programs use; `nil` where it only
  /// adds, and they may go on. See "Expand, then contract" in docs/architecture.md.
  var readableFrom: Int?

  init(number: Int, sql: String, readableFrom: Int? = nil) {
    self.number = number
    self.sql = sql
    self.readableFrom = readableFrom
  }

  /// In order, without gaps, from 1.
  static let all: [Migration] = [
    .accountsAndUsage, .invoicesAndEntries, .messagesAndDueWork, .closes, .deadLetters,
    .schemaVersion, .closeTriggers, .attemptCards, .reversals, .gatewayCharges, .catalogMonths,
    .accountDates,
  ]

  static let newest = all.count

  /// `PRAGMA application_id` of a month-close store: "mcls".
  static let applicationID: Int32 = 0x6D63_6C73
}

/// The schema this program works with, for `--version`.
public let schemaVersion = Migration.newest
