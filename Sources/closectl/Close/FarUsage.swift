import Billing
import Ledger

/// Usage in months that cannot be intended: clocks that were never set start in 1970, and 2062 is a
/// typing mistake. No close in the near future bills it.
struct FarUsage {
  static let monthsBack = 36
  static let monthsAhead = 12
  private static let shown = 10

  let months: [UnclosedMonths.Month]

  init(from period: Period, in store: LedgerStore) async throws {
    months = try await store.unbilledUsage(
      before: period.moved(by: -Self.monthsBack), after: period.moved(by: Self.monthsAhead)
    ).map { .init(period: $0.period.description, accounts: $0.accounts) }
  }

  static func lines(_ months: [UnclosedMonths.Month]) -> [String] {
    if months.isEmpty { return [] }
    let more = months.count - shown
    return ["warning: usage in distant months is on no invoice:"]
      + months.prefix(shown).map { month in
        let accounts = month.accounts == 1 ? "1 account" : "\(grouped(month.accounts)) accounts"
        return "  \(month.period): \(accounts)"
      } + (more > 0 ? ["  … and \(grouped(more)) more months"] : [])
  }
}

extension Period {
  fileprivate func moved(by months: Int) -> Period {
    (0..<abs(months)).reduce(self) { period, _ in months < 0 ? period.previous : period.next }
  }
}
