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

  /// Which card an attempt charged, so that a card that was declined for good is told from the one
  /// that took its place.
  static let attemptCards = Migration(number: 8) { words in
    """
    ALTER TABLE attempts ADD COLUMN payment_method \(words.text);
    """
  }

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

  /// Charges of the gateway's that no attempt made, and what is known of a gateway. A payment is
  /// counted for one invoice.
  static let gatewayCharges = Migration(number: 10) { words in
    """
    CREATE TABLE gateway_charges (
      charge \(words.text) PRIMARY KEY,
      payment \(words.text),
      invoice \(words.text) NOT NULL,
      attempt \(words.integer),
      amount_minor \(words.integer) NOT NULL,
      refunded_minor \(words.integer) NOT NULL,
      currency \(words.text) NOT NULL,
      state \(words.text) NOT NULL CHECK (state IN ('succeeded', 'failed')),
      made_at \(words.integer),
      decision \(words.text) NOT NULL CHECK (decision IN ('taken-over', 'foreign')),
      recorded_at \(words.integer) NOT NULL,
      recorded_by \(words.text) NOT NULL,
      operator \(words.text) NOT NULL,
      reason \(words.text) NOT NULL
    )\(words.keyedTable);
    CREATE INDEX gateway_charges_by_invoice ON gateway_charges (invoice);
    CREATE UNIQUE INDEX attempts_by_payment ON attempts (gateway_id)
      WHERE gateway_id IS NOT NULL AND state = 'succeeded';
    CREATE TABLE gateways (
      address \(words.text) PRIMARY KEY,
      keeps_keys_since \(words.integer) NOT NULL
    )\(words.keyedTable);
    \(words.refusing(
      "UPDATE", on: "gateway_charges", "gateway_charges_kept",
      because: "what was taken over is never changed"))
    \(words.refusing(
      "DELETE", on: "gateway_charges", "gateway_charges_not_deleted",
      because: "what was taken over is never deleted"))
    """
  }

  /// The first month that a catalog prices, as its content says; null: every month. And, for usage
  /// of months whose own catalog does not price the metric, the later version that does.
  static let catalogMonths = Migration(number: 11) { words in
    """
    ALTER TABLE catalogs ADD COLUMN valid_from \(words.integer);
    CREATE TABLE later_prices (
      period \(words.integer) NOT NULL,
      currency \(words.text) NOT NULL,
      metric \(words.text) NOT NULL,
      version \(words.integer) NOT NULL,
      pinned_by \(words.integer) NOT NULL,
      PRIMARY KEY (period, currency, metric),
      FOREIGN KEY (currency, version) REFERENCES catalogs
    )\(words.keyedTable);
    \(words.refusing(
      "UPDATE", on: "later_prices", "later_prices_kept",
      because: "a price that usage was billed at is never changed"))
    \(words.refusing(
      "DELETE", on: "later_prices", "later_prices_not_deleted",
      because: "a price that usage was billed at is never deleted"))
    """
  }

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
