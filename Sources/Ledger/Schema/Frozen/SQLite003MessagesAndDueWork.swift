extension FrozenSQLite {
  /// What was decided, what goes out, and what is for later.
  ///
  /// `outgoing_events` keeps every event for ever; `unpublished_events` names those whose
  /// publication is not recorded, so that recording it touches a few small rows instead of the
  /// bodies. An account of 0 stands for none, so that the unique keys hold there too.
  static let messagesAndDueWork = """
    CREATE TABLE decisions (
      sequence INTEGER PRIMARY KEY,
      service TEXT NOT NULL,
      message_id TEXT NOT NULL,
      account INTEGER NOT NULL,
      period INTEGER,
      decided_at INTEGER NOT NULL,
      rule TEXT NOT NULL,
      finding TEXT NOT NULL,
      explanation TEXT NOT NULL,
      believed TEXT,
      found TEXT,
      UNIQUE (message_id, service, account)
    ) STRICT;
    CREATE INDEX decisions_by_account ON decisions (account) WHERE account <> 0;

    CREATE TABLE outgoing_events (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      service TEXT NOT NULL,
      message_id TEXT NOT NULL,
      answered_for INTEGER NOT NULL,
      type TEXT NOT NULL,
      routing_key TEXT NOT NULL,
      account TEXT,
      period INTEGER,
      recorded_at INTEGER NOT NULL,
      body BLOB NOT NULL,
      UNIQUE (id, service)
    ) STRICT;
    CREATE INDEX outgoing_events_by_message
      ON outgoing_events (message_id, service, answered_for);

    CREATE TABLE unpublished_events (
      sequence INTEGER PRIMARY KEY REFERENCES outgoing_events,
      service TEXT NOT NULL,
      recorded_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE mails (
      about TEXT NOT NULL,
      account INTEGER NOT NULL REFERENCES accounts,
      kind TEXT NOT NULL,
      period INTEGER,
      message_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('intended', 'sent', 'suppressed', 'refused')),
      reason TEXT,
      recorded_at INTEGER NOT NULL,
      ended_at INTEGER,
      PRIMARY KEY (about, account, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX mails_by_account ON mails (account);

    CREATE TABLE holds (
      key INTEGER PRIMARY KEY,
      account INTEGER NOT NULL REFERENCES accounts,
      invoice INTEGER NOT NULL REFERENCES invoices,
      placed_by TEXT NOT NULL,
      placed_at INTEGER NOT NULL,
      lifted_by TEXT,
      lifted_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX holds_active ON holds (account, invoice) WHERE lifted_at IS NULL;

    CREATE TABLE due_work (
      key INTEGER PRIMARY KEY,
      service TEXT NOT NULL,
      kind TEXT NOT NULL,
      reference TEXT NOT NULL,
      account INTEGER NOT NULL REFERENCES accounts,
      invoice INTEGER NOT NULL REFERENCES invoices,
      due_at INTEGER NOT NULL,
      causation_id TEXT,
      state TEXT NOT NULL CHECK (state IN ('pending', 'taken', 'cancelled')),
      UNIQUE (service, kind, reference)
    ) STRICT;
    CREATE INDEX due_work_pending ON due_work (service, due_at) WHERE state = 'pending';
    CREATE INDEX due_work_by_invoice ON due_work (invoice);
    """
}
