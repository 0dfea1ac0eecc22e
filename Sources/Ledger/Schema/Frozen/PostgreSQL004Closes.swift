extension FrozenPostgreSQL {
  /// A close: its expected set, cut into ranges by place, and the catalogs it was started with.
  static let closes = #"""
    CREATE TABLE close_runs (
      period bigint PRIMARY KEY,
      state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'closed')),
      requested_by text COLLATE "C" NOT NULL,
      started_at bigint NOT NULL,
      closed_at bigint,
      expected bigint NOT NULL,
      ranges bigint NOT NULL,
      range_size bigint NOT NULL,
      finished bigint NOT NULL DEFAULT 0 CHECK (finished BETWEEN 0 AND expected)
    ) WITH (fillfactor = 70);

    CREATE TABLE close_members (
      period bigint NOT NULL REFERENCES close_runs,
      account bigint NOT NULL REFERENCES accounts,
      place bigint NOT NULL,
      milestones bigint NOT NULL DEFAULT 0,
      ended text COLLATE "C",
      PRIMARY KEY (period, account)
    ) WITH (fillfactor = 70);
    CREATE UNIQUE INDEX close_members_by_place ON close_members (period, place);

    CREATE TABLE close_ranges (
      period bigint NOT NULL REFERENCES close_runs,
      number bigint NOT NULL,
      done bigint NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
      event bigint REFERENCES outgoing_events,
      PRIMARY KEY (period, number)
    );

    CREATE TABLE run_catalogs (
      period bigint NOT NULL REFERENCES close_runs,
      currency text COLLATE "C" NOT NULL,
      version bigint NOT NULL,
      PRIMARY KEY (period, currency),
      FOREIGN KEY (currency, version) REFERENCES catalogs
    );
    """#
}
