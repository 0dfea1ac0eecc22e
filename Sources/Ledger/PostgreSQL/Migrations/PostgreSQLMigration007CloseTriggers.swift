extension PostgreSQLMigration {
  /// Triggers that were refused, or that started a close by way of exception: which message, of
  /// whom, under which rule, when first and last, and how often.
  static let closeTriggers = PostgreSQLMigration(
    number: 7,
    sql: #"""
      CREATE TABLE close_triggers (
        period bigint NOT NULL,
        message_id text COLLATE "C" NOT NULL,
        rule text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('started', 'refused')),
        explanation text COLLATE "C" NOT NULL,
        first_at bigint NOT NULL,
        last_at bigint NOT NULL,
        times bigint NOT NULL,
        PRIMARY KEY (period, message_id, rule)
      );
      """#)
}
