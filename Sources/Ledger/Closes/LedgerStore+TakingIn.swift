import Billing

extension LedgerStore {
  public func takeIn(
    _ request: RunRequest, range: Int?,
    announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    let isAnybodyThere = try await connections.read { database in
      try !TakingIn(database: database, request: request, range: range).candidates().isEmpty
    }
    if !isAnybodyThere { return TakenIn() }
    return try await connections.write { database in
      try TakingIn(database: database, request: request, range: range).run(announce)
    }
  }

  public func lackingCatalog(_ period: Period) async throws -> [LackingCatalog] {
    try await connections.read(.tables) {
      try LackingCatalogQuery(database: $0, period: period).all()
    }
  }
}
