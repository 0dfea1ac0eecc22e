extension Migration {
  /// Whose payment or credit a reference is, over all accounts: what was there before twice keeps
  /// its first account. And an invoice that was paid is open again when its payment is taken back.
  static let reversals = Migration(
    number: 9,
    sql: """
      CREATE TABLE incoming_references (
        kind TEXT NOT NULL,
        reference TEXT NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts,
        PRIMARY KEY (kind, reference)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO incoming_references
        SELECT kind, reference, min(account) FROM transactions
        WHERE kind IN ('payment', 'creditGrant') GROUP BY kind, reference;

      DROP TRIGGER invoices_not_reopened;
      CREATE TRIGGER invoices_not_reopened BEFORE UPDATE OF status ON invoices
      WHEN NEW.status = 'open'
        AND (OLD.status = 'void' OR (OLD.status = 'paid' AND NEW.open_minor <= 0))
      BEGIN SELECT RAISE(ABORT,
        'a void invoice, or a paid one of which nothing is open, is never opened again'); END;
      """)
}
