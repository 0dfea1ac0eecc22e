import Billing
import Ledger

/// Whether a month has ended for every account, each in its own time zone.
struct MonthEnd {
  let period: Period
  let now: Instant
  private static let page = 5000

  /// `nil` when it has; otherwise a sentence. Accounts are read only in the one day or so around
  /// the end of the month in which it matters where they are.
  func unfinished(_ store: any Store) async throws -> String? {
    // Clocks on Earth are at most 12 hours behind UTC and 14 before it.
    let end = try period.interval(in: "UTC").upperBound
    if now >= end.adding(seconds: 12 * 3600) { return nil }
    if now < end.adding(seconds: -14 * 3600) {
      return "\(period) has not ended anywhere yet, it is \(now)"
    }
    var after: String?
    while true {
      let ids = try await store.accountIDs(after: after, limit: Self.page)
      let keys = ids.map { FactKey(account: $0, invoice: nil) }
      for case let facts? in try await store.facts(for: keys) where !facts.account.closed {
        let zone = facts.account.timeZone
        let end = try period.interval(in: zone).upperBound
        if now < end {
          return "\(period) ends at \(end) for accounts in \(zone), it is \(now)"
        }
      }
      guard ids.count == Self.page else { return nil }
      after = ids.last
    }
  }
}
