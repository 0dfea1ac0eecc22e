extension PostgreSQLMigration {
  /// Whose payment or credit a reference is, over all accounts; and invoices that are open again
  /// when their payment is taken back.
  static let reversals = PostgreSQLMigration(
    number: 9,
    sql: """
      CREATE TABLE incoming_references (
        kind text COLLATE "C" NOT NULL,
        reference text COLLATE "C" NOT NULL,
        account bigint NOT NULL REFERENCES accounts,
        PRIMARY KEY (kind, reference)
      );
      INSERT INTO incoming_references
        SELECT kind, reference, min(account) FROM transactions
        WHERE kind IN ('payment', 'creditGrant') GROUP BY kind, reference;

      DROP TRIGGER invoices_not_reopened ON invoices;
      CREATE TRIGGER invoices_not_reopened BEFORE UPDATE OF status ON invoices
        FOR EACH ROW WHEN (NEW.status = 'open'
          AND (OLD.status = 'void' OR (OLD.status = 'paid' AND NEW.open_minor <= 0)))
        EXECUTE FUNCTION month_close_refuse(
          'a void invoice, or a paid one of which nothing is open, is never opened again');
      """)
}
