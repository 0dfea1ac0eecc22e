import Billing

/// Opens the store that `url` names: `sqlite:PATH` or `postgres://…`. With `migrate` it is created
/// or brought to this program's schema; without it, a store with another schema is refused.
/// `connections`: the maximum for a store on a server. `lockTimeout`: how long a write waits for a
/// lock held by another program before it fails, having written nothing.
public func openStore(
  _ url: String, migrate: Bool, connections: Int = PostgreSQLStore.usualConnections,
  lockTimeout: Duration = SQLiteStore.usualLockTimeout
) async throws -> any Store {
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
