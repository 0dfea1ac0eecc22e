import Billing

extension LedgerStore {
  public func importAccounts(
    _ file: AccountRows, at: Instant,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    if file.rows.isEmpty { return ImportOutcome() }
    return try await connections.write { database in
      try AccountImport(database).run(file, at: at)
    } keeps: {
      $0.refused.isEmpty && keeps($0.refused)
    }
  }

  public func importUsage(
    at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await connections.write(isRepeatable: false) { database in
      try UsageImport(database).run(next)
    } keeps: {
      keeps($0.refused)
    }
  }

  public func importCatalog(
    _ catalog: Catalog, at: Instant, keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    let content = try CatalogQuery.encoded(catalog)
    return try await connections.write { database in
      try CatalogImport(database: database, catalog: catalog, content: content).run(at: at)
    } keeps: {
      keeps($0.refused)
    }
  }
}
