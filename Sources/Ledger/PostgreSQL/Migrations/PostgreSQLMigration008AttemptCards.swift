extension PostgreSQLMigration {
  /// Which card an attempt charged, so that a card that was declined for good is told from the one
  /// that took its place.
  static let attemptCards = PostgreSQLMigration(
    number: 8,
    sql: """
      ALTER TABLE attempts ADD COLUMN payment_method text COLLATE "C";
      """)
}
