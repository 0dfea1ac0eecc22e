import Billing

extension LedgerStore {
  public func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome] {
    if changes.isEmpty && published.isEmpty { return [] }
    let removed = connections.removedGuards
    return try await connections.write { database in
      let outcomes = try Batch(database, without: removed).commit(changes)
      try EventRows(database).published(published)
      return outcomes
    }
  }
}
