import Billing

extension LedgerStore {
  /// The accounts of one range that still have no end and no invoice, in order.
  public func uninvoiced(period: Period, range: Int) async throws -> [String] {
    try await read { database in
      guard
        let size = try database.integer(
          "SELECT range_size FROM close_runs WHERE period = ?", [period.stored])
      else { return [] }
      let first = Int64(range) * size
      return try database.texts(
        """
        SELECT a.id FROM close_members m JOIN accounts a ON a.key = m.account
        WHERE m.period = ? AND m.place BETWEEN ? AND ? AND m.ended IS NULL
          AND NOT EXISTS (
            SELECT 1 FROM invoices i
            WHERE i.account = m.account AND i.period = m.period AND i.status <> 'void')
        ORDER BY m.place
        """, [period.stored, first, first + size - 1])
    }
  }

  /// What is needed to invoice these accounts; `eventMetrics` are the metrics whose single
  /// quantities are needed. The period of usage is decided when it is imported, by its start in the
  /// account's time zone. "Late" are earlier periods with usage on no invoice that can no longer be
  /// invoiced by their own close.
  public func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts] {
    try await readEach(accounts, about: accounts) {
      try InvoicingQuery($0, period: period, eventMetrics: eventMetrics).facts
    }
  }

  /// The catalogs a run was started with, by currency code.
  public func catalogs(for period: Period) async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM run_catalogs r
        JOIN catalogs c ON c.currency = r.currency AND c.version = r.version
        WHERE r.period = ?
        """, [period.stored])
    }
  }

  /// The newest catalog of each currency, whichever months it prices.
  public func currentCatalogs() async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE version = (SELECT max(version) FROM catalogs n WHERE n.currency = c.currency)
        """, [])
    }
  }

  /// The product with which the newest catalog prices a metric that the month's own catalog does
  /// not price, if its id means something else in that month: then no close bills that usage.
  public func productInTheWay(
    of metric: String, in currency: String, of period: Period
  ) async throws -> String? {
    try await read {
      try ProductInTheWay(database: $0, period: period).product(of: metric, currency)
    }
  }

  /// The catalogs a month is priced with, by currency code: those its close was started with, and
  /// in currencies in which it has none the newest that price the month.
  public func catalogs(pricing period: Period) async throws -> [String: Catalog] {
    try await read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE c.version = \(CatalogQuery.version(in: "c.currency", pricing: "?1"))
        """, [period.stored])
    }
  }
}
