import Billing

/// Accounts of a close that were parked because it had no catalog in their currency.
struct LackingCatalogQuery {
  let database: any SQLSession
  let period: Period

  /// Follows a list of columns; takes the period. What the invoicer decided on last counts.
  static let members = """
    FROM close_members m JOIN accounts a ON a.key = m.account
    WHERE m.period = ? AND m.ended = 'parked'
      AND (SELECT 1 FROM invoices i WHERE i.account = m.account AND i.period = m.period
        AND i.status <> 'void' LIMIT 1) IS NULL
      AND (SELECT d.rule FROM decisions d WHERE d.account = m.account AND d.account <> 0
        AND d.period = m.period AND d.service = 'invoicer'
        ORDER BY d.sequence DESC LIMIT 1) = 'invoice.no-catalog'
    """

  private enum Column: String, ColumnList {
    case currency = "a.currency"
    case accounts = "count(*)"
  }

  func all() throws -> [LackingCatalog] {
    let found = try database.all(
      "SELECT \(Column.sql) \(Self.members) GROUP BY a.currency ORDER BY a.currency",
      [period.stored], of: Column.self
    ) { (currency: $0[.currency] as String, accounts: $0[.accounts] as Int) }
    return try found.map { currency, accounts in
      let first = try database.texts(
        "SELECT a.id \(Self.members) AND a.currency = ? ORDER BY m.place LIMIT ?",
        [period.stored, currency, LackingCatalog.mostNames])
      let version = try database.integer(
        """
        SELECT max(c.version) FROM catalogs c WHERE c.currency = ?1
          AND c.version = \(CatalogQuery.version(in: "?1", pricing: "?2"))
        """, [currency, period.stored])
      return LackingCatalog(
        currency: currency, accounts: accounts, first: first, version: version.map { Int($0) })
    }
  }
}
