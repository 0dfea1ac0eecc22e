import Billing

extension LedgerStore {
  /// Refused are the same version with other content, and a version that another one is newer than
  /// in every month it prices. `keeps` as above.
  public func importCatalog(
    _ catalog: Catalog, at: Instant, keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    let content = try CatalogQuery.encoded(catalog)
    return try await write { database in
      try CatalogImport(database: database, catalog: catalog, content: content).run(at: at)
    } keeps: {
      keeps($0.refused)
    }
  }

  public func importCatalog(_ catalog: Catalog, at: Instant) async throws -> ImportOutcome {
    try await importCatalog(catalog, at: at) { _ in true }
  }
}

/// One version of a currency's catalog. It is never changed afterwards.
struct CatalogImport {
  let database: any SQLSession
  let catalog: Catalog
  let content: String

  private var code: String { catalog.currency.code }

  func run(at: Instant) throws -> ImportOutcome {
    let stored = try database.text(
      "SELECT content FROM catalogs WHERE currency = ? AND version = ?", [code, catalog.version])
    if let stored {
      if try CatalogQuery.decoded(stored) == catalog {
        return ImportOutcome(count: ImportCount(unchanged: 1))
      }
      throw StoreError.catalogDiffers(currency: code, version: catalog.version)
    }
    try refuseWhatNeverCounts()
    try database.run(
      """
      INSERT INTO catalogs (currency, version, content, stored_at, valid_from)
      VALUES (?, ?, ?, ?, ?)
      """, [code, catalog.version, content, at.milliseconds, catalog.validFrom?.stored])
    // Single events are found by an index that only stores need whose prices need single events.
    if !catalog.eventMetrics.isEmpty {
      try database.execute(
        sql: "CREATE INDEX IF NOT EXISTS usage_by_period ON usage (account, period, metric)")
    }
    return ImportOutcome(count: ImportCount(added: 1))
  }

  /// The newest version that prices a month counts. A version older than another in every month it
  /// prices would change nothing, although its importer believes that it does.
  private func refuseWhatNeverCounts() throws {
    let newer = try database.integer(
      """
      SELECT max(version) FROM catalogs WHERE currency = ? AND version > ?
        AND \(CatalogQuery.prices("?"))
      """, [code, catalog.version, catalog.validFrom?.stored ?? Int.min])
    if let newer {
      throw StoreError.catalogNeverCounts(
        currency: code, version: catalog.version, newer: Int(newer))
    }
  }
}
