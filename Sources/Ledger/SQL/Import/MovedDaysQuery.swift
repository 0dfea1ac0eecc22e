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

  private func invoicedDays(_ account: Int64) throws -> [(period: Period, days: ActiveDays)] {
    try database.all(
      """
      SELECT period, active_days FROM invoices WHERE account = ? AND status <> 'void'
      ORDER BY period
      """, [account]
    ) { row in
      let period = try Period(stored: row[0])
      return (period, ActiveDays(stored: row[1], of: period))
    }
  }
}
