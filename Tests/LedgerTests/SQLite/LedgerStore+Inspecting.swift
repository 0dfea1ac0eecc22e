@testable import Ledger

extension LedgerStore {
  /// The writing connection of a store in SQLite, outside a transaction.
  func inspectWriter<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    guard let connections = connections as? SQLiteConnections else {
      preconditionFailure("the test is about SQLite")
    }
    return try await connections.inspectWriter(body)
  }
}
