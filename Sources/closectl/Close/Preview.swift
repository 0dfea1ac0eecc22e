import Billing
import Ledger

/// Rates accounts in pages, so that memory does not grow with their number.
struct Preview {
  static let page = 500

  let period: Period
  let store: LedgerStore
  let output: Output
  private var document: PreviewDocument
  /// The catalogs the period's close was started with, or would be.
  private var catalogs: [String: Catalog] = [:]
  private var totals: [String: PreviewDocument.Totals] = [:]
  private var unpriced = UnpricedMetrics()
  /// The month's close, where it was started.
  private var run: CloseRun?

  init(period: Period, store: LedgerStore, output: Output, maximum: [Money] = []) {
    self.period = period
    self.store = store
    self.output = output
    document = PreviewDocument(period: period.description, maximum: maximum)
  }

  mutating func all() async throws -> CommandOutput {
    try await readCatalogs()
    let bar = ProgressBar("preview", output)
    defer { bar.finish() }
    var after: String?
    var seen = 0
    while true {
      let ids = try await store.accountIDs(after: after, limit: Self.page)
      let before = try await totalsBefore(ids)
      let standings = try await store.closeStanding(period, of: ids)
      let page = try await invoicingFacts(ids)
      for (facts, before) in zip(page, before) {
        if passOver(facts.facts, standings[facts.facts.account.id]) { continue }
        try take(facts, before: before)
      }
      try await lookOutsideOfDates(page.filter { isIn(standings[$0.facts.account.id]) })
      seen += ids.count
      bar.show(FeedProgress(rows: seen, part: nil))
      guard ids.count == Self.page else { break }
      after = ids.last
    }
    document.currencies = totals.values.sorted { $0.currency < $1.currency }
    document.unpriced = try await UnpricedDocument(unpriced, in: store)
    document.late = try await LateArrivals(run, in: store)
    document.far = try await FarUsage(from: period, in: store).months
    if seen == 0 { throw Problem("there are no accounts yet: import them first") }
    document.unclosed = try await UnclosedMonths(before: period, in: store).months
    return document.output
  }

  mutating func one(_ account: String) async throws -> CommandOutput {
    try await readCatalogs()
    let known = try await store.facts(for: [FactKey(account: account, invoice: nil)])[0]
    guard known != nil, let facts = try await invoicingFacts([account]).first else {
      throw Problem("there is no account \(quoted(account))")
    }
    let standing = try await store.closeStanding(period, of: [account])[account]
    if isIn(standing) || standing == .late && run?.state == .running {
      try take(facts, before: try await totalsBefore([account])[0], keepingLines: true)
      try await lookOutsideOfDates([facts])
    } else {
      document.notInClose = account
      document.notInCloseBecause = standing.flatMap { facts.facts.account.why($0) }
    }
    document.unpriced = try await UnpricedDocument(unpriced, in: store)
    document.currencies = Array(totals.values)
    return document.output
  }

  /// A running close adds accounts again when it is started once more; a finished one does not.
  private mutating func readCatalogs() async throws {
    run = try await store.run(period)
    catalogs =
      run?.state == .closed
      ? try await store.catalogs(for: period) : try await store.catalogs(pricing: period)
    document.lackingCatalog = try await LackingCatalogs(period, in: store).currencies
  }

  private func invoicingFacts(_ ids: [String]) async throws -> [InvoicingFacts] {
    let metrics = catalogs.values.reduce(into: Set()) { $0.formUnion($1.eventMetrics) }
    return try await store.invoicingFacts(ids, period: period, eventMetrics: metrics)
  }

  private func isIn(_ standing: CloseStanding?) -> Bool { standing == .member }

  /// Accounts imported after the start are not in the close, nor are those that are not customers
  /// in the month.
  private mutating func passOver(_ facts: AccountFacts, _ standing: CloseStanding?) -> Bool {
    switch standing {
    case .member: return false
    case .notBegun: document.notBegun += 1
    case .ended:
      document.ended += 1
      document.endedWithCredit.add(facts, nil, in: period)
    case .late, nil: break
    }
    return true
  }

  /// Usage on days on which the account is not a customer. It was used, so it is billed.
  private mutating func lookOutsideOfDates(_ members: [InvoicingFacts]) async throws {
    let asked = try members.compactMap { try $0.datedUsage(in: period) }
    for (usage, outside) in zip(asked, try await store.usageOutside(asked)) where !outside.isNone {
      document.strange.add(usage, outside)
    }
  }

  /// Of the invoices of the month before, where there are any.
  private func totalsBefore(_ ids: [String]) async throws -> [Int64?] {
    try await store.facts(
      for: ids.map { FactKey(account: $0, invoice: "\(period.previous)/\($0)") }
    ).map { $0?.invoice?.totalMinor }
  }

  private mutating func take(
    _ facts: InvoicingFacts, before: Int64?, keepingLines: Bool = false
  ) throws {
    let account = facts.facts.account
    if let invoice = facts.facts.invoice {
      document.endedWithCredit.add(facts.facts, nil, in: period)
      document.invoicedAlready += 1
      if keepingLines { document.existingInvoice = invoice.id }
      return
    }
    guard let catalog = catalogs[account.currency.code] else {
      document.refuse(account.id, "there is no catalog in \(account.currency) for \(period)")
      return
    }
    document.untaxed.add(account, catalog)
    do {
      for usage in try Rating.unpriced(facts, period: period, catalog: catalog) {
        unpriced.add(
          usage.metric, account.currency.code, account.id, usage.quantity, of: usage.periods)
      }
      let draft = try Rating.draft(facts, period: period, catalog: catalog)
      if keepingLines { document.draft = .init(draft) }
      let key = account.currency.code
      var sum = totals[key] ?? .init(currency: key)
      try sum.add(draft, creditMinor: facts.facts.creditMinor)
      totals[key] = sum
      document.strange.look(at: draft, facts, before: before)
      document.endedWithCredit.add(facts.facts, draft, in: period)
      warn(of: draft, account, creditMinor: facts.facts.creditMinor)
    } catch {
      document.refuse(account.id, "\(error)")
    }
  }

  /// What the close would invoice but could not charge to the card.
  private mutating func warn(of draft: InvoiceDraft, _ account: Account, creditMinor: Int64) {
    let due = draft.totalMinor - min(creditMinor, draft.totalMinor)
    guard due > 0, account.collection == .auto, account.paymentMethod != nil,
      let reason = GatewayCurrencies.stripe.chargeability(of: due, account.currency)
        .reason(due, account.currency)
    else { return }
    document.warn(
      .init(
        account: account.id, amount: due, currency: account.currency.code, reason: reason))
  }
}

extension Account {
  /// The date by which it is not in the close.
  fileprivate func why(_ standing: CloseStanding) -> String? {
    switch standing {
    case .notBegun: start.map { "begins on \($0)" }
    case .ended: end.map { "ended on \($0)" }
    case .member, .late: nil
    }
  }
}

extension InvoicingFacts {
  /// `nil` if the account is a customer on every day of all the months its invoice bills.
  fileprivate func datedUsage(in period: Period) throws -> DatedUsage? {
    let account = facts.account
    guard facts.invoice == nil, account.start != nil || account.end != nil else { return nil }
    let periods = (usage.isEmpty ? [] : [period]) + late.map(\.period)
    let partly = periods.filter { !account.activeDays(in: $0).isAll }
    if partly.isEmpty { return nil }
    return DatedUsage(
      account: account.id, periods: partly, start: try account.start?.start(in: account.timeZone),
      end: try account.end?.start(in: account.timeZone))
  }
}
