extension Migration {
  /// Whose payment or credit a reference is, over all accounts: what was there before twice keeps
  /// its first account. And an invoice that was paid is open again when its payment is taken back.
  static let reversals = Migration(number: 9) { words in
    """
    CREATE TABLE incoming_references (
      kind \(words.text) NOT NULL,
      reference \(words.text) NOT NULL,
      account \(words.integer) NOT NULL REFERENCES accounts,
      PRIMARY KEY (kind, reference)
    )\(words.keyedTable);
    INSERT INTO incoming_references
      SELECT kind, reference, min(account) FROM transactions
      WHERE kind IN ('payment', 'creditGrant') GROUP BY kind, reference;

    \(words.dropTrigger("invoices_not_reopened", on: "invoices"))
    \(words.refusing(
      "UPDATE OF status", on: "invoices", "invoices_not_reopened",
      when: """
        NEW.status = 'open'
          AND (OLD.status = 'void' OR (OLD.status = 'paid' AND NEW.open_minor <= 0))
        """,
      because: "a void invoice, or a paid one of which nothing is open, is never opened again"))
    """
  }
}
