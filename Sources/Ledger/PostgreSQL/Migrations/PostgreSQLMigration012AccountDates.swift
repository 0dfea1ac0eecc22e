extension PostgreSQLMigration {
  /// The first day that an account is a customer and the first that it is none any more, as
  /// 20261115; null: it has always been one, it stays one. `accounts.closed` is not read any
  /// more.
  ///
  /// And on how many days of its month an invoice's account was one; null: on all.
  static let accountDates = PostgreSQLMigration(
    number: 12,
    sql: #"""
      ALTER TABLE accounts ADD COLUMN start_date bigint;
      ALTER TABLE accounts ADD COLUMN end_date bigint CHECK (end_date > start_date);
      CREATE INDEX accounts_by_start ON accounts (start_date) WHERE start_date IS NOT NULL;
      CREATE INDEX accounts_by_end ON accounts (end_date) WHERE end_date IS NOT NULL;
      ALTER TABLE invoices ADD COLUMN active_days bigint;
      CREATE TRIGGER invoices_days_fixed BEFORE UPDATE OF active_days ON invoices
        FOR EACH STATEMENT
        EXECUTE FUNCTION month_close_refuse('an issued invoice is never changed');
      """#)
}
