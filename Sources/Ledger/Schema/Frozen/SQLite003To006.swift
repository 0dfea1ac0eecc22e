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

  /// A close: its expected set, cut into ranges by place, and the catalogs it was started with.
  /// `close_runs.finished` counts members with an end and all milestones, so that nobody has to
  /// count 100,000 rows to know whether a close is over.
  static let closes = """
    CREATE TABLE close_runs (
      period INTEGER PRIMARY KEY,
      state TEXT NOT NULL CHECK (state IN ('running', 'closed')),
      requested_by TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      closed_at INTEGER,
      expected INTEGER NOT NULL,
      ranges INTEGER NOT NULL,
      range_size INTEGER NOT NULL,
      finished INTEGER NOT NULL DEFAULT 0 CHECK (finished BETWEEN 0 AND expected)
    ) STRICT;

    CREATE TABLE close_members (
      period INTEGER NOT NULL REFERENCES close_runs,
      account INTEGER NOT NULL REFERENCES accounts,
      place INTEGER NOT NULL,
      milestones INTEGER NOT NULL DEFAULT 0,
      ended TEXT,
      PRIMARY KEY (period, account)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX close_members_by_place ON close_members (period, place);

    CREATE TABLE close_ranges (
      period INTEGER NOT NULL REFERENCES close_runs,
      number INTEGER NOT NULL,
      done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
      event INTEGER REFERENCES outgoing_events,
      PRIMARY KEY (period, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE run_catalogs (
      period INTEGER NOT NULL REFERENCES close_runs,
      currency TEXT NOT NULL,
      version INTEGER NOT NULL,
      PRIMARY KEY (period, currency),
      FOREIGN KEY (currency, version) REFERENCES catalogs
    ) STRICT, WITHOUT ROWID;
    """

  /// What operators did with dead letters.
  ///
  /// A manifest is a selection frozen before anything moves; its letters say how far each is. At
  /// most one is unfinished. `dead_actions` is the audit: a row is there before its letter moves,
  /// once for each letter of a manifest, and is never changed.
  static let deadLetters = """
    CREATE TABLE dead_manifests (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      action TEXT NOT NULL CHECK (action IN ('replay', 'refresh', 'discard')),
      operator TEXT NOT NULL,
      reason TEXT NOT NULL,
      selection TEXT NOT NULL,
      per_second INTEGER,
      created_at INTEGER NOT NULL,
      finished_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX dead_manifests_one_unfinished
      ON dead_manifests ((finished_at IS NULL)) WHERE finished_at IS NULL;

    CREATE TABLE dead_manifest_letters (
      manifest INTEGER NOT NULL REFERENCES dead_manifests,
      letter TEXT NOT NULL,
      queue TEXT NOT NULL,
      message_id TEXT NOT NULL,
      body_hash TEXT NOT NULL,
      class TEXT NOT NULL,
      replays INTEGER NOT NULL,
      target TEXT NOT NULL,
      state TEXT NOT NULL
        CHECK (state IN ('planned', 'recorded', 'published', 'removed', 'absent')),
      PRIMARY KEY (manifest, letter)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE dead_actions (
      sequence INTEGER PRIMARY KEY,
      manifest INTEGER NOT NULL REFERENCES dead_manifests,
      letter TEXT NOT NULL,
      at INTEGER NOT NULL,
      queue TEXT NOT NULL,
      message_id TEXT NOT NULL,
      body_hash TEXT NOT NULL,
      target TEXT NOT NULL,
      replays INTEGER NOT NULL,
      fault TEXT NOT NULL,
      body BLOB,
      UNIQUE (manifest, letter)
    ) STRICT;
    CREATE INDEX dead_actions_by_letter ON dead_actions (letter);
    CREATE INDEX dead_actions_by_message ON dead_actions (message_id);

    CREATE TRIGGER dead_actions_kept BEFORE UPDATE ON dead_actions
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never changed'); END;
    CREATE TRIGGER dead_actions_not_deleted BEFORE DELETE ON dead_actions
    BEGIN SELECT RAISE(ABORT, 'what an operator did is never deleted'); END;
    """

  /// Which schema this is, and the oldest program that may still work with it, so that programs of
  /// the previous and of this version share one store while they are replaced one by one.
  ///
  /// `PRAGMA user_version` says `readable_from` from here on: programs of schema 5 know nothing of
  /// this table and open a store whose `user_version` is their own, and this one they may open.
  static let schemaVersion = """
    CREATE TABLE schema_version (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      version INTEGER NOT NULL,
      readable_from INTEGER NOT NULL,
      CHECK (readable_from <= version)
    ) STRICT;
    INSERT INTO schema_version VALUES (1, 6, 5);
    """
}
