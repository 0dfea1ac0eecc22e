import Billing
import Dispatch

/// Opens the store that `url` names: `sqlite:PATH`. With `migrate` it is created or brought to this
/// program's schema, without it a store of another schema is refused.
public func openStore(_ url: String, migrate: Bool) async throws -> any Store {
  if url.hasPrefix("postgres:") || url.hasPrefix("postgresql:") {
    throw StoreError.unreachable("PostgreSQL is not supported by this version; use sqlite:PATH")
  }
  let scheme = "sqlite:"
  guard url.hasPrefix(scheme), url.count > scheme.count else {
    throw StoreError.unreachable("expected sqlite:PATH or postgres://…, found another form")
  }
  return try await SQLiteStore.open(path: String(url.dropFirst(scheme.count)), migrate: migrate)
}
