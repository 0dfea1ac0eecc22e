import Billing
import Ledger

/// Rates accounts in pages, so that memory does not grow with their number.
struct Preview {
  static let page = 500

  let period: Period
  let store: any Store
  let output: Output
  private var document: PreviewDocument
  private var catalogs: [String: Catalog] = [:]
  private var totals: [String: PreviewDocument.Totals] = [:]

  init(period: Period, store: any Store, output: Output) {
    self.period = period
    self.store = store
    self.output = output
    document = PreviewDocument(period: period.description)
  }

  mutating func all() async throws -> Answer {
    catalogs = try await store.currentCatalogs()
    let bar = ProgressBar("preview", output)
    defer { bar.finish() }
    var after: String?
    var seen = 0
    while true {
      let ids = try await store.accountIDs(after: after, limit: Self.page)
      for facts in try await invoicingFacts(ids) { try take(facts) }
      seen += ids.count
      bar.show(FeedProgress(rows: seen, part: nil))
      guard ids.count == Self.page else { break }
      after = ids.last
    }
    document.currencies = totals.values.sorted { $0.currency < $1.currency }
    if seen == 0 { throw Problem("there are no accounts yet: import some first") }
    return document.answer
  }

  mutating func one(_ account: String) async throws -> Answer {
    catalogs = try await store.currentCatalogs()
    let known = try await store.facts(for: [FactKey(account: account, invoice: nil)])[0]
    guard known != nil, let facts = try await invoicingFacts([account]).first else {
      throw Problem("there is no account \(quoted(account))")
    }
    try take(facts, keepingLines: true)
    document.currencies = Array(totals.values)
    return document.answer
  }

  private func invoicingFacts(_ ids: [String]) async throws -> [InvoicingFacts] {
    let metrics = catalogs.values.reduce(into: Set()) { $0.formUnion($1.eventMetrics) }
    return try await store.invoicingFacts(ids, period: period, eventMetrics: metrics)
  }

  private mutating func take(_ facts: InvoicingFacts, keepingLines: Bool = false) throws {
    let account = facts.facts.account
    if account.closed {
      document.closedAccounts += 1
      return
    }
    if let invoice = facts.facts.invoice {
      document.invoicedAlready += 1
      if keepingLines { document.existingInvoice = invoice.id }
      return
    }
    guard let catalog = catalogs[account.currency.code] else {
      document.refuse(account.id, "there is no catalog in \(account.currency)")
      return
    }
    do {
      let draft = try Rating.draft(facts, period: period, catalog: catalog)
      if keepingLines { document.draft = .init(draft) }
      let key = account.currency.code
      var sum = totals[key] ?? .init(currency: key)
      try sum.add(draft, creditMinor: facts.facts.creditMinor)
      totals[key] = sum
    } catch {
      document.refuse(account.id, "\(error)")
    }
  }
}
