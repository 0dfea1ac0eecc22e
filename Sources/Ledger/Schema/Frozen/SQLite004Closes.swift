extension FrozenSQLite {
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
}
