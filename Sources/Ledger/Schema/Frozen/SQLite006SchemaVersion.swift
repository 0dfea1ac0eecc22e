extension FrozenSQLite {
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
