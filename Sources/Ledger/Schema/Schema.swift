/// Which schema a store has, and whether a program may work with it: one rule for both engines.
enum Schema {
  /// What a store says of itself.
  struct Found: Equatable {
    /// 0: nothing is in it yet.
    var version: Int
    /// The oldest program, by the schema it knows, that may work with the store.
    var readableFrom: Int

    static let nothing = Found(version: 0, readableFrom: 0)
  }

  /// The migrations that bring the store to the schema of a program that knows `migrations`; or why
  /// it cannot work with the store. `place` is what the store is called.
  static func missing(
    in found: Found, of migrations: [Migration], migrate: Bool, place: String
  ) throws(StoreError) -> ArraySlice<Migration> {
    let known = migrations.count
    // A newer schema that only added to ours is as good as ours: services are replaced one by one.
    if found.readableFrom > known {
      throw .newerSchema(found: found.version, known: known)
    }
    if found.version >= known { return [] }
    if !migrate {
      if found.version == 0 { throw .notInitialized(place) }
      throw .olderSchema(found: found.version, needed: known)
    }
    return migrations[found.version...]
  }

  /// What follows `SET` once a migration was applied. Up to schema 5 there was one number, and only
  /// its own programs could read a schema.
  static func changes(_ migration: Migration) -> String {
    let version = "version = \(migration.number)"
    if migration.number < Migration.firstWithReadableFrom { return version }
    return
      "\(version), readable_from = \(migration.readableFrom.map(String.init) ?? "readable_from")"
  }
}
