extension PostgreSQLMigration {
  /// The first month that a catalog prices, as its content says; null: every month. And, for usage
  /// of months whose own catalog does not price the metric, the later version that does.
  static let catalogMonths = PostgreSQLMigration(
    number: 11,
    sql: #"""
      ALTER TABLE catalogs ADD COLUMN valid_from bigint;
      CREATE TABLE later_prices (
        period bigint NOT NULL,
        currency text COLLATE "C" NOT NULL,
        metric text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        pinned_by bigint NOT NULL,
        PRIMARY KEY (period, currency, metric),
        FOREIGN KEY (currency, version) REFERENCES catalogs
      );
      CREATE TRIGGER later_prices_kept BEFORE UPDATE ON later_prices
        FOR EACH STATEMENT
        EXECUTE FUNCTION month_close_refuse('a price that usage was billed at is never changed');
      CREATE TRIGGER later_prices_not_deleted BEFORE DELETE ON later_prices
        FOR EACH STATEMENT
        EXECUTE FUNCTION month_close_refuse('a price that usage was billed at is never deleted');
      """#)
}
