extension Migration {
  /// Triggers that were refused, or that started a close by way of exception: which message, of
  /// whom, under which rule, when first and last, and how often.
  static let closeTriggers = Migration(
    number: 7,
    sql: """
      CREATE TABLE close_triggers (
        period INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        rule TEXT NOT NULL,
        source TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('started', 'refused')),
        explanation TEXT NOT NULL,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        times INTEGER NOT NULL,
        PRIMARY KEY (period, message_id, rule)
      ) STRICT, WITHOUT ROWID;
      """)
}
