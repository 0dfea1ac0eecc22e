extension FrozenSQLite {
  /// Who is billed, for what, at which prices.
  ///
  /// Child tables refer to `accounts.key`, not to the id, so they stay narrow. A period is the
  /// integer 202611. The period of a usage row is decided when it is imported (its `start` in the
  /// account's time zone) and kept, so that a later change of the zone moves nothing that was
  /// invoiced. `usage_sums` is kept beside `usage` in the same transactions: invoicing reads one
  /// row per metric instead of a month of readings.
  static let accountsAndUsage = """
    CREATE TABLE counters (
      name TEXT PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES ('invoice_number', 0);

    CREATE TABLE accounts (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      email TEXT NOT NULL,
      currency TEXT NOT NULL,
      country TEXT NOT NULL,
      time_zone TEXT NOT NULL,
      collection TEXT NOT NULL CHECK (collection IN ('auto', 'manual')),
      payment_method TEXT,
      hold_after_days INTEGER NOT NULL,
      closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
      position INTEGER NOT NULL DEFAULT 0,
      balance_minor INTEGER NOT NULL DEFAULT 0,
      credit_minor INTEGER NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
      held_for_invoice TEXT,
      usage_version INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE catalogs (
      currency TEXT NOT NULL,
      version INTEGER NOT NULL,
      content TEXT NOT NULL,
      stored_at INTEGER NOT NULL,
      PRIMARY KEY (currency, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE metrics (
      key INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE usage (
      account INTEGER NOT NULL REFERENCES accounts,
      event_id TEXT NOT NULL,
      period INTEGER NOT NULL,
      metric INTEGER NOT NULL,
      coefficient INTEGER NOT NULL,
      scale INTEGER NOT NULL,
      starts_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      PRIMARY KEY (account, event_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE usage_sums (
      account INTEGER NOT NULL REFERENCES accounts,
      period INTEGER NOT NULL,
      metric INTEGER NOT NULL,
      scale INTEGER NOT NULL,
      coefficient INTEGER NOT NULL,
      events INTEGER NOT NULL,
      PRIMARY KEY (account, period, metric, scale)
    ) STRICT, WITHOUT ROWID;

    -- Periods that have usage which no invoice contains.
    CREATE TABLE unbilled_periods (
      account INTEGER NOT NULL REFERENCES accounts,
      period INTEGER NOT NULL,
      PRIMARY KEY (account, period)
    ) STRICT, WITHOUT ROWID;

    -- What the last invoice that billed a period left of it.
    CREATE TABLE billed_usage (
      account INTEGER NOT NULL REFERENCES accounts,
      period INTEGER NOT NULL,
      product TEXT NOT NULL,
      quantity TEXT NOT NULL,
      amount_minor INTEGER NOT NULL,
      PRIMARY KEY (account, period, product)
    ) STRICT, WITHOUT ROWID;
    """

  /// Invoices, the ledger's entries, and attempts to charge.
  ///
  /// Entries are laid down first; the row in `transactions` seals them: its trigger refuses a sum
  /// other than 0, another refuses entries for a sealed transaction, and the deferred foreign key
  /// refuses entries that were never sealed. So no program can commit an unbalanced transaction.
  static let invoicesAndEntries = """
    CREATE TABLE invoices (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      number INTEGER NOT NULL UNIQUE,
      account INTEGER NOT NULL REFERENCES accounts,
      period INTEGER NOT NULL,
      currency TEXT NOT NULL,
      catalog_version INTEGER NOT NULL,
      net_minor INTEGER NOT NULL,
      tax_minor INTEGER NOT NULL,
      total_minor INTEGER NOT NULL,
      open_minor INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'void')),
      issued_at INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX invoices_one_per_period
      ON invoices (account, period) WHERE status <> 'void';
    CREATE INDEX invoices_by_period ON invoices (period);
    CREATE INDEX invoices_open ON invoices (account) WHERE status = 'open';

    CREATE TABLE invoice_lines (
      invoice INTEGER NOT NULL REFERENCES invoices,
      line INTEGER NOT NULL,
      product TEXT NOT NULL,
      text TEXT NOT NULL,
      quantity TEXT,
      unit TEXT,
      amount_minor INTEGER NOT NULL,
      tax_name TEXT,
      tax_rate TEXT,
      corrects_period INTEGER,
      PRIMARY KEY (invoice, line)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE invoice_taxes (
      invoice INTEGER NOT NULL REFERENCES invoices,
      line INTEGER NOT NULL,
      name TEXT NOT NULL,
      rate TEXT NOT NULL,
      taxable_minor INTEGER NOT NULL,
      amount_minor INTEGER NOT NULL,
      PRIMARY KEY (invoice, line)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE transactions (
      sequence INTEGER PRIMARY KEY,
      account INTEGER NOT NULL REFERENCES accounts,
      position INTEGER NOT NULL,
      kind TEXT NOT NULL,
      reference TEXT NOT NULL,
      currency TEXT NOT NULL,
      service TEXT NOT NULL,
      posted_at INTEGER NOT NULL,
      UNIQUE (account, position),
      UNIQUE (account, kind, reference)
    ) STRICT;

    CREATE TABLE entries (
      sequence INTEGER NOT NULL
        REFERENCES transactions (sequence) DEFERRABLE INITIALLY DEFERRED,
      line INTEGER NOT NULL,
      ledger_account TEXT NOT NULL,
      amount_minor INTEGER NOT NULL,
      invoice INTEGER REFERENCES invoices,
      PRIMARY KEY (sequence, line)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_invoice ON entries (invoice) WHERE invoice IS NOT NULL;

    CREATE TABLE attempts (
      invoice INTEGER NOT NULL REFERENCES invoices,
      number INTEGER NOT NULL,
      key TEXT NOT NULL UNIQUE,
      amount_minor INTEGER NOT NULL,
      currency TEXT NOT NULL,
      state TEXT NOT NULL,
      gateway_id TEXT,
      decline_code TEXT,
      rule TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      settled_at INTEGER,
      PRIMARY KEY (invoice, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TRIGGER transactions_balance BEFORE INSERT ON transactions
    WHEN (SELECT sum(amount_minor) FROM entries WHERE sequence = NEW.sequence) IS NOT 0
    BEGIN SELECT RAISE(ABORT, 'a transaction needs entries that sum to 0'); END;
    CREATE TRIGGER entries_sealed BEFORE INSERT ON entries
    WHEN EXISTS (SELECT 1 FROM transactions WHERE sequence = NEW.sequence)
    BEGIN SELECT RAISE(ABORT, 'a posted transaction takes no more entries'); END;

    CREATE TRIGGER entries_kept BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
    CREATE TRIGGER entries_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
    CREATE TRIGGER transactions_kept BEFORE UPDATE ON transactions
    BEGIN SELECT RAISE(ABORT, 'transactions are never changed'); END;
    CREATE TRIGGER transactions_not_deleted BEFORE DELETE ON transactions
    BEGIN SELECT RAISE(ABORT, 'transactions are never deleted'); END;

    CREATE TRIGGER invoices_fixed BEFORE UPDATE OF
      key, id, number, account, period, currency, catalog_version, net_minor, tax_minor,
      total_minor, issued_at ON invoices
    BEGIN SELECT RAISE(ABORT, 'an issued invoice is never changed'); END;
    CREATE TRIGGER invoices_not_reopened BEFORE UPDATE OF status ON invoices
    WHEN OLD.status <> 'open' AND NEW.status = 'open'
    BEGIN SELECT RAISE(ABORT, 'a paid or void invoice is never opened again'); END;
    CREATE TRIGGER invoices_not_deleted BEFORE DELETE ON invoices
    BEGIN SELECT RAISE(ABORT, 'invoices are never deleted'); END;
    CREATE TRIGGER invoice_lines_fixed BEFORE UPDATE ON invoice_lines
    BEGIN SELECT RAISE(ABORT, 'invoice lines are never changed'); END;
    CREATE TRIGGER invoice_lines_not_deleted BEFORE DELETE ON invoice_lines
    BEGIN SELECT RAISE(ABORT, 'invoice lines are never deleted'); END;
    CREATE TRIGGER invoice_taxes_fixed BEFORE UPDATE ON invoice_taxes
    BEGIN SELECT RAISE(ABORT, 'invoice taxes are never changed'); END;
    CREATE TRIGGER invoice_taxes_not_deleted BEFORE DELETE ON invoice_taxes
    BEGIN SELECT RAISE(ABORT, 'invoice taxes are never deleted'); END;
    """
}
