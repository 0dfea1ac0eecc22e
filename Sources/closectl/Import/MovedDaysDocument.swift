import Billing
import Ledger

/// Months that were invoiced before an account's dates were changed. Invoices do not follow such
/// changes automatically.
struct MovedDaysDocument: Encodable {
  struct Month: Encodable, Equatable {
    var account: String
    var period: String
    var invoicedDays: Int
    var daysNow: Int
    var daysOfMonth: Int
  }

  var count = 0
  /// The first of them.
  var months: [Month] = []

  init() {}

  init(_ moved: MovedDays) {
    count = moved.count
    months = moved.first.map {
      Month(
        account: $0.account, period: $0.period.description, invoicedDays: $0.invoiced.active,
        daysNow: $0.now.active, daysOfMonth: $0.now.ofMonth)
    }
  }

  /// Empty when there are none.
  var lines: [String] {
    let more = count - months.count
    return months.map(\.line)
      + (more > 0 ? ["warning: \(grouped(more)) more months are invoiced with other days"] : [])
  }
}

extension MovedDaysDocument.Month {
  fileprivate var line: String {
    let remedy =
      daysNow < invoicedDays
      ? "grant a credit if appropriate" : "the other days are not charged"
    return
      "warning: \(account): \(period) is invoiced with \(invoicedDays) of \(daysOfMonth) days, "
      + "but would now have \(daysNow); \(remedy)"
  }
}
