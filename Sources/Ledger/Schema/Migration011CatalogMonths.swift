extension Migration {
  /// The first month that a catalog prices, as its content says; null: every month. And, for usage
  /// of months whose own catalog does not price the metric, the later version that does.
  static let catalogMonths = Migration(number: 11) { words in
    """
    ALTER TABLE catalogs ADD COLUMN valid_from \(words.integer);
    CREATE TABLE later_prices (
      period \(words.integer) NOT NULL,
      currency \(words.text) NOT NULL,
      metric \(words.text) NOT NULL,
      version \(words.integer) NOT NULL,
      pinned_by \(words.integer) NOT NULL,
      PRIMARY KEY (period, currency, metric),
      FOREIGN KEY (currency, version) REFERENCES catalogs
    )\(words.keyedTable);
    \(words.refusing(
      "UPDATE", on: "later_prices", "later_prices_kept",
      because: "a price that usage was billed at is never changed"))
    \(words.refusing(
      "DELETE", on: "later_prices", "later_prices_not_deleted",
      because: "a price that usage was billed at is never deleted"))
    """
  }
}
