import Billing
import GRDB

extension SQLiteStore {
  public func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome] {
    if changes.isEmpty && published.isEmpty { return [] }
    let removed = connections.options.removed
    return try await connections.write { database in
      let batch = Batch(database, without: removed)
      let outcomes = try changes.map(batch.commit)
      try batch.flush()
      for sequence in published { try EventRows(database).published(sequence) }
      return outcomes
    }
  }
}
