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
}
