extension FrozenPostgreSQL {
  /// Which schema this is stands in a table from the start here; from now on with the oldest
  /// program that may still work with it.
  static let schemaVersion = """
    ALTER TABLE month_close_schema ADD COLUMN readable_from bigint NOT NULL DEFAULT 6;
    """
}
