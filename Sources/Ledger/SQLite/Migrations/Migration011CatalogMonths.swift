extension Migration {
  /// The first month that a catalog prices, as its content says; null: every month. And, for usage
  /// of months whose own catalog does not price the metric, the later version that does.
  static let catalogMonths = Migration(
    number: 11,
    sql: """
      ALTER TABLE catalogs ADD COLUMN valid_from INTEGER;
      CREATE TABLE later_prices (
        period INTEGER NOT NULL,
        currency TEXT NOT NULL,
        metric TEXT NOT NULL,
        version INTEGER NOT NULL,
        pinned_by INTEGER NOT NULL,
        PRIMARY KEY (period, currency, metric),
        FOREIGN KEY (currency, version) REFERENCES catalogs
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER later_prices_kept BEFORE UPDATE ON later_prices
      BEGIN SELECT RAISE(ABORT, 'a price that usage was billed at is never changed'); END;
      CREATE TRIGGER later_prices_not_deleted BEFORE DELETE ON later_prices
      BEGIN SELECT RAISE(ABORT, 'a price that usage was billed at is never deleted'); END;
      """)
}
