/// The ledger's rules and queries over a database's connections.
public final class LedgerStore: Store {
  let connections: any SQLConnections

  init(_ connections: any SQLConnections) {
    self.connections = connections
  }

  public func condition() async -> StoreCondition { await connections.condition() }

  public func close() async throws {
    try await connections.close()
  }
}
