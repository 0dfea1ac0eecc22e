import Billing

extension LedgerStore {
  public func uninvoiced(period: Period, range: Int) async throws -> [String] {
    try await connections.read { database in
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

  public func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts] {
    if accounts.isEmpty { return [] }
    return try await connections.read { database in
      let query = try InvoicingQuery(database, period: period, eventMetrics: eventMetrics)
      return try database.collect(accounts, query.facts)
    }
  }

  public func catalogs(for period: Period) async throws -> [String: Catalog] {
    try await connections.read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM run_catalogs r
        JOIN catalogs c ON c.currency = r.currency AND c.version = r.version
        WHERE r.period = ?
        """, [period.stored])
    }
  }

  public func currentCatalogs() async throws -> [String: Catalog] {
    try await connections.read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE version = (SELECT max(version) FROM catalogs n WHERE n.currency = c.currency)
        """, [])
    }
  }

  public func productInTheWay(
    of metric: String, in currency: String, of period: Period
  ) async throws -> String? {
    try await connections.read {
      try ProductInTheWay(database: $0, period: period).product(of: metric, currency)
    }
  }

  public func catalogs(pricing period: Period) async throws -> [String: Catalog] {
    try await connections.read { database in
      try CatalogQuery.decoded(
        database,
        """
        SELECT \(CatalogQuery.Column.sql) FROM catalogs c
        WHERE c.version = \(CatalogQuery.version(in: "c.currency", pricing: "?1"))
        """, [period.stored])
    }
  }
}
