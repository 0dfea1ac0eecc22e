/// Durable truth, shared by all services: the ledger's rules and queries over the connections of
/// SQLite or of PostgreSQL.
///
/// Every method is one transaction and returns only after its commit is durable. Reads see all
/// commits that were acknowledged before the call. Methods may be called from any task; none blocks
/// Swift's shared threads. One conformance suite holds both engines to this.
public final class LedgerStore: Sendable {
  let connections: any SQLConnections
  /// `nil` but in a simulation.
  let probe: (any LedgerProbe)?

  init(_ connections: any SQLConnections, probe: (any LedgerProbe)? = nil) {
    self.connections = connections
    self.probe = probe
  }

  /// Whether it can be written to, and is still the store that was opened. Ends within seconds.
  public func condition() async -> StoreCondition { await connections.condition() }

  /// A store that is probed is closed by whoever opened it.
  public func close() async throws {
    if probe == nil { try await connections.close() }
  }
}

public enum StoreCondition: Equatable, Sendable {
  case usable
  /// For now.
  case blocked(StoreError)
  /// Under its name there is another one: this program must not go on with what it has.
  case replaced(StoreError)
}

/// Opens the store that `url` names: `sqlite:PATH` or `postgres://…`. With `migrate` it is created
/// or brought to this program's schema; without it, a store with another schema is refused.
/// `connections`: the maximum for a store on a server. `lockTimeout`: how long a write waits for a
/// lock held by another program before it fails, having written nothing.
public func openStore(
  _ url: String, migrate: Bool, connections: Int = PostgreSQLStore.usualConnections,
  lockTimeout: Duration = SQLiteStore.usualLockTimeout
) async throws -> LedgerStore {
  if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
    return try await PostgreSQLStore.open(
      url: url, migrate: migrate, connections: connections, lockTimeout: lockTimeout)
  }
  let scheme = "sqlite:"
  guard url.hasPrefix(scheme), url.count > scheme.count else {
    throw StoreError.unreachable("expected sqlite:PATH or postgres://…, found something else")
  }
  return try await SQLiteStore.open(
    path: String(url.dropFirst(scheme.count)), migrate: migrate, lockTimeout: lockTimeout)
}

// MARK: One call

extension LedgerStore {
  /// `accounts`: those that are asked about, where the call is about some.
  func read<Value: Sendable>(
    _ extent: ReadExtent = .rows, about accounts: @autoclosure () -> [String] = [],
    _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    guard let probe else { return try await connections.read(extent, body) }
    return try await probe.reading(about: accounts()) { [connections] in
      try await connections.read(extent, body)
    }
  }

  func write<Value: Sendable>(
    isRepeatable: Bool = true, _ body: @escaping @Sendable (any SQLSession) throws -> Value,
    keeps: @escaping @Sendable (Value) -> Bool = { _ in true }
  ) async throws -> Value {
    guard let probe else {
      return try await connections.write(isRepeatable: isRepeatable, body, keeps: keeps)
    }
    return try await probe.writing { [connections] in
      try await connections.write(isRepeatable: isRepeatable, body, keeps: keeps)
    }
  }

  /// What `find` says of each item, in order. Where there is no item, the store is not asked.
  func readEach<Item: Sendable, Value: Sendable>(
    _ items: [Item], about accounts: @autoclosure () -> [String] = [],
    _ find: @escaping @Sendable (any SQLSession) throws -> (Item) throws -> Value
  ) async throws -> [Value] {
    guard let probe else { return try await each(of: items, find) }
    return try await probe.reading(about: accounts()) { try await each(of: items, find) }
  }

  /// The same by item, without those of which `find` knows nothing.
  func readKeyed<Item: Hashable & Sendable, Value: Sendable>(
    _ items: [Item], about accounts: @autoclosure () -> [String] = [],
    _ find: @escaping @Sendable (any SQLSession) throws -> (Item) throws -> Value?
  ) async throws -> [Item: Value] {
    let found = try await readEach(items, about: accounts(), find)
    return zip(items, found).reduce(into: [:]) { $0[$1.0] = $1.1 }
  }

  func each<Item: Sendable, Value: Sendable>(
    of items: [Item],
    _ find: @escaping @Sendable (any SQLSession) throws -> (Item) throws -> Value
  ) async throws -> [Value] {
    if items.isEmpty { return [] }
    return try await connections.read { try $0.collect(items, find($0)) }
  }

  /// As many statements as SQLite takes values for: it takes a bounded number in one.
  func inPages<Value: Sendable>(
    _ ids: [String],
    _ body: @escaping @Sendable (any SQLSession, SQLValues, _ places: String) throws -> [Value]
  ) async throws -> [Value] {
    guard let probe else { return try await allPages(ids, body) }
    return try await probe.reading(about: []) { try await allPages(ids, body) }
  }

  private func allPages<Value: Sendable>(
    _ ids: [String],
    _ body: @escaping @Sendable (any SQLSession, SQLValues, _ places: String) throws -> [Value]
  ) async throws -> [Value] {
    let size = 500
    var found: [Value] = []
    for start in stride(from: 0, to: ids.count, by: size) {
      let page = Array(ids[start..<min(start + size, ids.count)])
      let places = SQLList.places(page.count)
      found += try await connections.read { try body($0, page.map { $0 }, places) }
    }
    return found
  }
}
