import Billing

/// The catalogs a close is done with: pinned when it is started, and never changed.
struct RunCatalogs {
  let database: any SQLSession
  let period: Period

  struct Pin {
    var period: Period
    var currency: String
    var version: Int
  }

  /// For each currency the newest one that prices the month, unless the close has one already.
  func pin() throws {
    try database.run(
      """
      INSERT INTO run_catalogs (period, currency, version)
      SELECT CAST(?1 AS bigint), currency, max(version) FROM catalogs
      WHERE \(CatalogQuery.prices("?1")) GROUP BY currency
      ON CONFLICT (period, currency) DO NOTHING
      """, [period.stored])
  }

  /// Earlier months were perhaps closed without a catalog in some currency: their usage is billed
  /// by later closes, all of which have to take the same prices for it. So the first that has a
  /// catalog in the currency settles which.
  func pinEarlierMonths() throws {
    try database.runMany(
      """
      INSERT INTO run_catalogs (period, currency, version) VALUES (?, ?, ?)
      ON CONFLICT (period, currency) DO NOTHING
      """, try earlierMonths().map { [$0.period.stored, $0.currency, $0.version] })
  }

  private enum PinColumn: String, ColumnList {
    case period = "c.period"
    case currency = "k.currency"
    case version

    static let own = CatalogQuery.version(in: "k.currency", pricing: "?1")

    var sql: String { self == .version ? Self.own : rawValue }
  }

  /// What `pinEarlierMonths` pins, or would pin if this month's close were started now: the newest
  /// catalog that prices the earlier month, or else this month's.
  func earlierMonths() throws -> [Pin] {
    let missing = try database.all(
      """
      SELECT \(PinColumn.sql)
      FROM close_runs c, (SELECT DISTINCT currency FROM catalogs) k
      WHERE c.period < ?1 AND \(PinColumn.own) IS NOT NULL
        AND (SELECT 1 FROM run_catalogs r
          WHERE r.period = c.period AND r.currency = k.currency) IS NULL
      ORDER BY c.period, k.currency
      """, [period.stored], of: PinColumn.self
    ) { row in
      Pin(
        period: try Period(stored: row[.period]), currency: row[.currency],
        version: row[.version])
    }
    return try missing.map { pin in
      var pin = pin
      pin.version = try billing(pin) ?? pricing(pin) ?? pin.version
      return pin
    }
  }

  private func pricing(_ pin: Pin) throws -> Int? {
    try database.integer(
      """
      SELECT max(version) FROM catalogs WHERE currency = ?
        AND \(CatalogQuery.prices("?"))
      """, [pin.currency, pin.period.stored]
    ).map { Int($0) }
  }

  /// The catalog by which a later close has billed usage of the month already: programs that pinned
  /// none for it took their own. Reads what was billed as a whole, and only where there is such a
  /// close.
  private func billing(_ pin: Pin) throws -> Int? {
    let version = try database.integer(
      """
      SELECT r.version FROM run_catalogs r JOIN close_runs c ON c.period = r.period
      WHERE r.currency = ? AND r.period > ? AND r.period <> ?
      ORDER BY c.started_at, c.period LIMIT 1
      """, [pin.currency, pin.period.stored, period.stored])
    guard let version else { return nil }
    let billed = try database.integer(
      """
      SELECT 1 FROM billed_usage b JOIN accounts a ON a.key = b.account
      WHERE b.period = ? AND a.currency = ? LIMIT 1
      """, [pin.period.stored, pin.currency])
    return billed == nil ? nil : Int(version)
  }
}
