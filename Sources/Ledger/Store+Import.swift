import Billing

/// Imports that keep all or nothing, or what is good.
extension Store {
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
