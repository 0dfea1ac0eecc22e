import Billing

extension LedgerStore {
  /// Adds accounts of a running close again that were parked for lack of a catalog, if the close
  /// has one now: their end is undone, and the events that `announce` makes of their ranges are
  /// recorded. A finished close adds nothing. `range`: only this range.
  public func takeIn(
    _ request: RunRequest, range: Int?,
    announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    guard let probe else { return try await takenIn(request, range, announce) }
    return try await probe.takingIn(request) { try await takenIn(request, range, announce) }
  }

  private func takenIn(
    _ request: RunRequest, _ range: Int?,
    _ announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    let isAnybodyThere = try await connections.read { database in
      try !TakingIn(database: database, request: request, range: range).candidates().isEmpty
    }
    if !isAnybodyThere { return TakenIn() }
    return try await connections.write { database in
      try TakingIn(database: database, request: request, range: range).run(announce)
    }
  }

  /// Accounts of the close that have no invoice because it had no catalog, by currency.
  public func lackingCatalog(_ period: Period) async throws -> [LackingCatalog] {
    try await read(.tables) {
      try LackingCatalogQuery(database: $0, period: period).all()
    }
  }
}
