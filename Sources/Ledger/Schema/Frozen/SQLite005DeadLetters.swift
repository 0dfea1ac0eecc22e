extension FrozenSQLite {
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
}
