import Billing

/// What a trigger is judged by. Asked once for a close that is not there yet.
struct StartQuery {
  let database: any SQLSession

  func facts(_ period: Period) throws -> StartFacts {
    let membership = try Membership(database: database, period: period)
    let firstCatalogAt = try database.integer(
      "SELECT min(stored_at) FROM catalogs WHERE valid_from IS NULL OR valid_from <= ?",
      [period.stored])
    let firstPriced = try database.integer("SELECT min(valid_from) FROM catalogs")
    let hasUsage = try database.flag(
      "SELECT EXISTS (SELECT 1 FROM usage_sums WHERE period <= ?)", [period.stored])
    return StartFacts(
      isStarted: false, hasCatalog: firstCatalogAt != nil,
      firstPriced: try firstPriced.map { try Period(stored: Int($0)) },
      accounts: try membership.count(), zones: try membership.zones(), hasUsage: hasUsage,
      firstCatalogAt: firstCatalogAt.map { Instant(milliseconds: $0) })
  }
}
