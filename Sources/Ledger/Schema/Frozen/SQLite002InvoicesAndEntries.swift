extension FrozenSQLite {
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
