import Billing
import Ledger
import Testing

/// Closes months as the invoicer does, over the store alone.
struct MonthByHand {
  let store: LedgerStore

  func open(_ period: Period) async throws {
    _ = try await store.openRun(
      RunRequest(period: period, messageID: "\(period)", rangeSize: 50, at: noon)
    ) { _ in [] }
  }

  /// Drafts as they would be committed now.
  func drafts(_ period: Period) async throws -> [Change] {
    let accounts = try await store.uninvoiced(period: period, range: 0)
    let catalogs = try await store.catalogs(for: period)
    let metrics = catalogs.values.reduce(into: Set()) { $0.formUnion($1.eventMetrics) }
    let all = try await store.invoicingFacts(accounts, period: period, eventMetrics: metrics)
    return try all.compactMap { facts in
      guard let catalog = catalogs[facts.facts.account.currency.code] else { return nil }
      var change = try issuing(Rating.draft(facts, period: period, catalog: catalog))
      change.expectedPosition = facts.facts.position
      change.expectedUsageVersion = facts.facts.usageVersion
      return change
    }
  }

  func close(_ period: Period) async throws {
    try await open(period)
    for change in try await drafts(period) {
      #expect(try await store.commit(change) == .committed([]))
    }
  }

  func lines(_ period: Period, of account: String = "meter-1") async throws -> [InvoiceLine] {
    let id = "\(period)/\(account)"
    return try await store.invoices([id])[id]?.draft.lines ?? []
  }
}
