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
    let everywhere = try period.interval(in: "Etc/GMT+12").upperBound
    if now >= everywhere { return nil }
    let somewhere = try period.interval(in: "Pacific/Kiritimati").upperBound
    if now < somewhere { return sentence(nil, somewhere) }
    var after: String?
    while true {
      let ids = try await store.accountIDs(after: after, limit: Self.page)
      let keys = ids.map { FactKey(account: $0, invoice: nil) }
      for case let facts? in try await store.facts(for: keys) where !facts.account.closed {
        let zone = facts.account.timeZone
        let end = try period.interval(in: zone).upperBound
        if now < end { return sentence(zone, end) }
      }
      guard ids.count == Self.page else { return nil }
      after = ids.last
    }
  }

  private func sentence(_ zone: String?, _ end: Instant) -> String {
    if let zone { return "\(period) ends at \(end.rfc3339) for accounts in \(zone), it is \(now.rfc3339)" }
    return "\(period) has not ended anywhere yet, it is \(now.rfc3339)"
  }
}
