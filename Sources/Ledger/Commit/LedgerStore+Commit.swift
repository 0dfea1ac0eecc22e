import Billing

extension LedgerStore {
  /// Commits a batch in one transaction. Checks come before writes, change by change in order; a
  /// change that is not committed leaves nothing behind and does not affect the others. Also
  /// records that the broker has confirmed the events numbered `published`.
  public func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome] {
    guard let probe else { return try await committed(changes, published) }
    return try await probe.committing(changes) { try await committed($0, published) }
  }

  private func committed(
    _ changes: [Change], _ published: [Int64]
  ) async throws -> [CommitOutcome] {
    if changes.isEmpty && published.isEmpty { return [] }
    let removed = connections.removedGuards
    return try await connections.write { database in
      let outcomes = try Batch(database, without: removed).commit(changes)
      try EventRows(database).published(published)
      return outcomes
    }
  }
}
