import Billing
import Ledger

/// Earlier months that were never closed and have usage that is on no invoice. No later close bills
/// it, so it is shown with every close.
struct UnclosedMonths {
  struct Month: Encodable, Equatable {
    var period: String
    var accounts: Int
  }

  let months: [Month]

  init(before period: Period, in store: LedgerStore) async throws {
    months = try await store.unclosedUsage(before: period).map {
      Month(period: $0.period.description, accounts: $0.accounts)
    }
  }

  /// Empty when there are none.
  static func lines(_ months: [Month]) -> [String] {
    months.map { month in
      let accounts = month.accounts == 1 ? "1 account" : "\(grouped(month.accounts)) accounts"
      return "\(month.period) was never closed: usage of \(accounts) is on no invoice, "
        + "and only closing that month bills it"
    }
  }
}
