extension Migration {
  /// The first day that an account is a customer and the first that it is none any more, as
  /// 20261115; null: it has always been one, it stays one. `accounts.closed` is not read any
  /// more.
  ///
  /// And on how many days of its month an invoice's account was one; null: on all.
  static let accountDates = Migration(number: 12) { words in
    """
    ALTER TABLE accounts ADD COLUMN start_date \(words.integer);
    ALTER TABLE accounts ADD COLUMN end_date \(words.integer) CHECK (end_date > start_date);
    CREATE INDEX accounts_by_start ON accounts (start_date) WHERE start_date IS NOT NULL;
    CREATE INDEX accounts_by_end ON accounts (end_date) WHERE end_date IS NOT NULL;
    ALTER TABLE invoices ADD COLUMN active_days \(words.integer);
    \(words.refusing(
      "UPDATE OF active_days", on: "invoices", "invoices_days_fixed",
      because: "an issued invoice is never changed"))
    """
  }
}
