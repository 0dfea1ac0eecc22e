extension Migration {
  /// Triggers that were refused, or that started a close by way of exception: which message, of
  /// whom, under which rule, when first and last, and how often.
  static let closeTriggers = Migration(number: 7) { words in
    """
    CREATE TABLE close_triggers (
      period \(words.integer) NOT NULL,
      message_id \(words.text) NOT NULL,
      rule \(words.text) NOT NULL,
      source \(words.text) NOT NULL,
      outcome \(words.text) NOT NULL CHECK (outcome IN ('started', 'refused')),
      explanation \(words.text) NOT NULL,
      first_at \(words.integer) NOT NULL,
      last_at \(words.integer) NOT NULL,
      times \(words.integer) NOT NULL,
      PRIMARY KEY (period, message_id, rule)
    )\(words.keyedTable);
    """
  }
}
