import Billing

extension LedgerStore {
  public func importAccounts(
    _ accounts: [(account: Account, line: Int)], at: Instant
  ) async throws -> (count: ImportCount, refused: [RefusedRow]) {
    if accounts.isEmpty { return (ImportCount(), []) }
    let result = try await connections.write { database in
      try AccountImport(database).run(accounts, at: at)
    } keeps: {
      $0.refused.isEmpty
    }
    return result.refused.isEmpty ? result : (ImportCount(), result.refused)
  }

  public func importUsage(
    skipBad: Bool, at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?
  ) async throws -> (count: ImportCount, refused: [RefusedRow]) {
    let result = try await connections.write(isRepeatable: false) { database in
      try UsageImport(database).run(next)
    } keeps: {
      skipBad || $0.refused.isEmpty
    }
    return skipBad || result.refused.isEmpty ? result : (ImportCount(), result.refused)
  }

  /// Single events are found by an index that only stores need whose prices need single events.
  public func importCatalog(_ catalog: Catalog, at: Instant) async throws -> ImportCount {
    let content = try CatalogQuery.encoded(catalog)
    let code = catalog.currency.code
    return try await connections.write { database in
      let stored = try database.first(
        "SELECT content FROM catalogs WHERE currency = ? AND version = ?", [code, catalog.version]
      ) { $0[0] as String }
      if let stored {
        if try CatalogQuery.decoded(stored) == catalog { return ImportCount(unchanged: 1) }
        throw StoreError.catalogDiffers(currency: code, version: catalog.version)
      }
      try database.run(
        "INSERT INTO catalogs (currency, version, content, stored_at) VALUES (?, ?, ?, ?)",
        [code, catalog.version, content, at.milliseconds])
      if !catalog.eventMetrics.isEmpty {
        try database.execute(
          sql: "CREATE INDEX IF NOT EXISTS usage_by_period ON usage (account, period, metric)")
      }
      return ImportCount(added: 1)
    }
  }
}
