import Billing

/// Months that are invoiced with other days than the account's dates say by now. What was invoiced
/// stays as it is: whether money is given back, a person decides.
public struct MovedDays: Sendable, Equatable {
  public struct Month: Sendable, Equatable {
    public var account: String
    public var period: Period
    public var invoiced: ActiveDays
    public var now: ActiveDays

    public init(account: String, period: Period, invoiced: ActiveDays, now: ActiveDays) {
      self.account = account
      self.period = period
      self.invoiced = invoiced
      self.now = now
    }
  }

  /// How many are kept by name.
  public static let most = 20

  public private(set) var count = 0
  public private(set) var first: [Month] = []

  public init(_ months: [Month] = []) {
    for month in months { add(month) }
  }

  mutating func add(_ month: Month) {
    count += 1
    if first.count < Self.most { first.append(month) }
  }
}

/// What is invoiced already of accounts that were given other dates.
struct MovedDaysQuery {
  let database: any SQLSession

  func moved(_ accounts: [(key: Int64, account: Account)]) throws -> MovedDays {
    var moved = MovedDays()
    let months = try database.collect(accounts) { key, account in
      try invoicedDays(key).compactMap { period, days in
        let now = account.activeDays(in: period)
        return days == now
          ? nil : MovedDays.Month(account: account.id, period: period, invoiced: days, now: now)
      }
    }
    for month in months.joined() { moved.add(month) }
    return moved
  }

  private enum Column: String, ColumnList {
    case period = "i.period"
    case activeDays = "i.active_days"
  }

  private func invoicedDays(_ account: Int64) throws -> [(period: Period, days: ActiveDays)] {
    try database.all(
      """
      SELECT \(Column.sql) FROM invoices i WHERE i.account = ? AND \(InvoiceOfMonth.isIndexed)
      ORDER BY i.period
      """, [account], of: Column.self
    ) { row in
      let period = try Period(stored: row[.period])
      return (period, ActiveDays(stored: row[.activeDays], of: period))
    }
  }
}
