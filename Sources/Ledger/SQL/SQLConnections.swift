/// The connections of one store. Work runs on their own threads, never on Swift's shared ones.
protocol SQLConnections: Sendable {
  /// All of `body` sees one state of the database.
  func read<Value: Sendable>(
    _ extent: ReadExtent, _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value
  /// Runs `body` in one write transaction and returns once its commit is durable. What `keeps`
  /// refuses is rolled back and returned all the same. `body` may be run again from the start,
  /// unless `isRepeatable` is false.
  func write<Value: Sendable>(
    isRepeatable: Bool, _ body: @escaping @Sendable (any SQLSession) throws -> Value,
    keeps: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value
  /// Guards a test has taken away.
  var removedGuards: Set<LedgerGuard> { get }
  /// What is wrong with the store's files, a line each, where the store can look.
  func damage(_ session: any SQLSession, limit: Int) throws -> [String]
  func condition() async -> StoreCondition
  func close() async throws
}

/// What a read asks for: a few rows by their keys, or most of the tables.
enum ReadExtent: Sendable {
  case rows, tables
}

extension SQLConnections {
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    try await read(.rows, body)
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLSession) throws -> Value,
    keeps: @escaping @Sendable (Value) -> Bool = { _ in true }
  ) async throws -> Value {
    try await write(isRepeatable: true, body, keeps: keeps)
  }
}
