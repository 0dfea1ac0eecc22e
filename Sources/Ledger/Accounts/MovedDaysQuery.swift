import Billing

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
    case period
    case activeDays = "active_days"
  }

  private func invoicedDays(_ account: Int64) throws -> [(period: Period, days: ActiveDays)] {
    try database.all(
      """
      SELECT \(Column.sql) FROM invoices WHERE account = ? AND status <> 'void'
      ORDER BY period
      """, [account], of: Column.self
    ) { row in
      let period = try Period(stored: row[.period])
      return (period, ActiveDays(stored: row[.activeDays], of: period))
    }
  }
}
