import Billing
import Ledger

/// What the invoicer writes for one account of a range.
struct InvoicePlan {
  var session: LedgerSession
  var job: Job
  var period: Period
  var catalogs: [String: Catalog]

  var eventMetrics: Set<String> {
    catalogs.values.reduce(into: []) { $0.formUnion($1.eventMetrics) }
  }

  func change(for account: InvoicingFacts) throws -> Change {
    try change(for: account, rated: rate(account), older: [])
  }

  /// `older`: open invoices of the account, oldest first, where `paysOlderInvoices` asks for them.
  func change(
    for account: InvoicingFacts, rated: InvoiceSituation.Rated, older: [InvoiceFacts]
  ) throws -> Change {
    let situation = InvoiceSituation(existing: account.facts.invoice, rated: rated)
    let decided = DecisionTable.invoicer.decide(situation)
    // A separate id: only the decision without an account answers the range itself, so a range left
    // half-finished is resumed.
    var change = Change(
      service: .invoicer, messageID: "\(job.event.id)#account",
      account: account.facts.account.id,
      expectedPosition: account.facts.position,
      expectedUsageVersion: account.facts.usageVersion, at: session.clock.now())
    switch decided.action {
    case .nothing:
      change.decision = record(decided, account.facts, "already invoiced")
    case .park:
      let why = rated.whyNot
      change.decision = record(decided, account.facts, why)
      change.writes = [
        .progress(
          account: account.facts.account.id, period: period, reached: .all, end: .parked)
      ]
      change.events = [try parked(account.facts, why: why, rule: decided.rule)]
    case .issue(let draft):
      do {
        try issue(draft, account.facts, older, decided, into: &change)
      } catch let error as MoneyError {
        // The account's balance cannot hold it; the range's other accounts are not affected.
        return try self.change(for: account, rated: .unratable("\(error)"), older: [])
      }
    }
    return change
  }

  func rate(_ account: InvoicingFacts) -> InvoiceSituation.Rated {
    guard let catalog = catalogs[account.facts.account.currency.code] else { return .noCatalog }
    do {
      return .draft(try Rating.draft(account, period: period, catalog: catalog))
    } catch {
      return .unratable("\(error)")
    }
  }

  /// Whether there will be credit next to older debts: it pays them, as a granted credit does.
  func paysOlderInvoices(_ facts: AccountFacts, _ rated: InvoiceSituation.Rated) -> Bool {
    guard case .draft(let draft) = rated, facts.invoice == nil else { return false }
    let isOwing = facts.balanceMinor > -facts.creditMinor
    return isOwing && (facts.creditMinor > 0 || draft.totalMinor < 0)
  }

  /// Issue, then use credit, on the oldest debt first: the event shows what is open after that.
  private func issue(
    _ draft: InvoiceDraft, _ facts: AccountFacts, _ older: [InvoiceFacts],
    _ decided: Decided<InvoiceAction>, into change: inout Change
  ) throws {
    var after = facts
    after.invoice = InvoiceFacts(
      id: draft.id, number: 0, account: draft.account, period: period, currency: draft.currency,
      totalMinor: draft.totalMinor, openMinor: 0, status: .open, issuedAt: change.at)
    change.writes = [
      .issue(draft),
      .progress(account: facts.account.id, period: period, reached: .invoiced, end: nil),
    ]
    if let posting = try Transaction.issuing(draft) {
      change.writes.append(.post(posting))
      after = try after.after(posting)
    }
    let onOlder = try CreditOnOlder(after, older, of: draft.id)
    if let onOlder {
      change.writes += onOlder.writes
      after = try after.after(onOlder.posting)
    }
    let credit = min(after.creditMinor, max(draft.totalMinor, 0))
    if credit > 0 {
      let posting = try Transaction.applyingCredit(credit, to: draft.id, of: facts.account)
      change.writes.append(.post(posting))
      after = try after.after(posting)
    }
    try after.checkBalance(since: facts)
    if after.invoice?.openMinor == 0 { after.invoice?.status = .paid }
    let total = Money.text(draft.totalMinor, draft.currency)
    let used = credit > 0 ? ", credit used \(Money.text(credit, draft.currency))" : ""
    change.decision = record(
      decided, facts, "invoice for \(total)\(onOlder?.explanation ?? "")\(used)")
    let events = AccountEvents(session, causedBy: job.event)
    change.events = [try events.make(.invoiceIssued, about: draft.id, after: after) { _ in }]
    change.events += try onOlder?.events(events, after: after) ?? []
  }

  private func parked(_ facts: AccountFacts, why: String, rule: String) throws -> OutgoingEvent {
    // An account that was added again may be parked again, which is another event.
    let attempt = job.event.id.split(separator: ":").dropFirst(3).first.map { ":\($0)" } ?? ""
    return try AccountEvents(session, causedBy: job.event).make(
      .invoiceParked, about: "\(period)/\(facts.account.id)\(attempt)", after: facts
    ) { $0.reason = rule }
  }

  private func record(
    _ decided: Decided<InvoiceAction>, _ facts: AccountFacts, _ text: String
  ) -> DecisionRecord {
    DecisionRecord(decided, text, believed: nil, found: facts, at: session.clock.now())
  }
}

extension InvoiceSituation.Rated {
  var whyNot: String {
    switch self {
    case .draft: "it can be rated"
    case .noCatalog: "the close has no catalog in the account's currency"
    case .unratable(let why): why
    }
  }
}

/// Credit that pays an account's older open invoices, oldest first, while a newer one is issued:
/// from a negative invoice, or left by an earlier overpayment.
struct CreditOnOlder {
  let posting: Transaction
  private let amountMinor: Int64
  /// A separate reference: the new invoice's id alone stands for the credit used on itself.
  private let reference: String
  /// The invoice being issued.
  private let source: String
  private let currency: Currency
  /// The credit used on each older invoice, and the invoice afterwards.
  private let touched: [(takenMinor: Int64, after: InvoiceFacts)]
  private let paid: PaidInvoices

  /// `nil` if there is no credit, or nothing older is open. `facts`: with the new invoice posted.
  init?(_ facts: AccountFacts, _ older: [InvoiceFacts], of source: String) throws {
    let owed = try older.reduce(Int64(0)) { try $0.adding($1.openMinor) }
    let amount = min(facts.creditMinor, owed)
    guard amount > 0 else { return nil }
    currency = facts.account.currency
    amountMinor = amount
    self.source = source
    reference = "\(source)#older-invoices"
    posting = try Transaction.incoming(
      .creditApplied, from: .customerCredit, amountMinor: amount,
      reference: reference, account: facts.account, open: older)
    paid = PaidInvoices(by: posting, of: older)
    touched = posting.entries.compactMap { entry in
      guard var invoice = older.first(where: { $0.id == entry.invoice }) else { return nil }
      invoice.openMinor += entry.amountMinor
      if invoice.openMinor == 0 { invoice.status = .paid }
      return (-entry.amountMinor, invoice)
    }
  }

  var writes: [Write] { [.post(posting)] + paid.writes }

  var explanation: String {
    let amount = Money.text(amountMinor, currency)
    return ", credit of \(amount) used on \(touched.map(\.after.id).joined(separator: ", "))"
  }

  /// One for each invoice, so that holds are lifted. `facts`: after all postings of the change.
  func events(_ events: AccountEvents, after facts: AccountFacts) throws -> [OutgoingEvent] {
    try touched.map { taken, invoice in
      var facts = facts
      facts.invoice = invoice
      facts.attempts = []
      return try events.make(.creditApplied, about: "\(invoice.id):\(source)", after: facts) {
        $0.payment = .init(amount: taken, reference: reference)
      }
    }
  }
}
