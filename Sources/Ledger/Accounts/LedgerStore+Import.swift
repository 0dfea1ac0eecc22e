import Billing

extension LedgerStore {
  /// Matched by id; changed fields are taken over. Rows are refused for the currency of an account
  /// that was billed, an unknown time zone, an end that is not after the start, one id twice with
  /// other content. Nothing is kept when there are any, or when `keeps`, asked at the end, answers
  /// no.
  public func importAccounts(
    _ file: AccountRows, at: Instant,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    if file.rows.isEmpty { return ImportOutcome() }
    return try await write { database in
      try AccountImport(database).run(file, at: at)
    } keeps: {
      $0.refused.isEmpty && keeps($0.refused)
    }
  }

  /// Pulls rows from `next` until it returns `nil`, all in one transaction. Rows that are refused
  /// (unknown account, known event id with other content) are collected, the others are taken in,
  /// and `keeps` is asked at the end whether all that is kept.
  public func importUsage(
    at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await write(isRepeatable: false) { database in
      try UsageImport(database).run(next)
    } keeps: {
      keeps($0.refused)
    }
  }

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
}

/// Imports that keep all or nothing, or what is good.
extension LedgerStore {
  /// The accounts as they are, with or without dates.
  public func importAccounts(
    _ accounts: [(account: Account, line: Int)], at: Instant
  ) async throws -> ImportOutcome {
    try await importAccounts(AccountRows(accounts), at: at, keeps: \.isEmpty).kept(\.isEmpty)
  }

  public func importUsage(
    skipBad: Bool, at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?
  ) async throws -> ImportOutcome {
    let keeps: @Sendable ([RefusedRow]) -> Bool = { skipBad || $0.isEmpty }
    return try await importUsage(at: at, next: next, keeps: keeps).kept(keeps)
  }

  public func importCatalog(_ catalog: Catalog, at: Instant) async throws -> ImportOutcome {
    try await importCatalog(catalog, at: at) { _ in true }
  }
}

extension ImportOutcome {
  fileprivate func kept(_ keeps: ([RefusedRow]) -> Bool) -> ImportOutcome {
    var outcome = self
    if !keeps(refused) { outcome.count = ImportCount() }
    return outcome
  }
}
