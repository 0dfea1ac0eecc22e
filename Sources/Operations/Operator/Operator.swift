import Billing
import Broker
import Ledger
import Logging
import Services

/// The outcome of an operator's command.
public enum OperatorOutcome: Sendable, Equatable {
  case done(String)
  /// The same command was carried out before; nothing changed now.
  case repeated(String)
  case refused(String)
}

/// Operators' commands that change the ledger: payments and credits. Idempotent by reference.
public struct Operator: Sendable {
  let session: LedgerSession
  let outbox: Outbox?

  /// Without a broker the events stay recorded; the next command with a broker publishes them.
  public init(store: LedgerStore, broker: (any Broker)?, clock: LedgerClock, logger: Logger) {
    session = LedgerSession(service: .closectl, store: store, clock: clock)
    let session = self.session
    outbox = broker.map { Outbox(session: session, broker: $0, logger: logger) }
  }

  public func recordPayment(
    account: String, amount: Money, reference: String
  ) async throws -> OperatorOutcome {
    try await posted(PostingOrder(.payment, account: account, amount: amount, reference: reference))
  }

  public func grantCredit(
    account: String, amount: Money, reference: String
  ) async throws -> OperatorOutcome {
    try await posted(PostingOrder(.credit, account: account, amount: amount, reference: reference))
  }

  private func posted(_ order: PostingOrder) async throws -> OperatorOutcome {
    switch try await post(order) {
    case .done(let plan): .done(plan.sentence(order.reference))
    case .repeated(let plan):
      .repeated("reference \(order.reference) was recorded before, for \(plan.amount)")
    case .refused(let why): .refused(why)
    }
  }

  /// Publishes what earlier commands left, and records what is confirmed.
  public func publishLeftOvers() async throws {
    try await outbox?.relay(of: [.closectl], olderThanSeconds: 0)
  }

  // MARK: Posting

  /// Pays the invoices it is for, then the oldest open ones; the rest becomes customer credit.
  /// `isDryRun`: says what would be done, and writes nothing.
  public func post(
    _ order: PostingOrder, isDryRun: Bool = false
  ) async throws -> PostingOutcome {
    if let refusal = order.refusal { return .refused(refusal) }
    for _ in 0..<LedgerSession.roundLimit {
      let key = FactKey(account: order.account, invoice: nil)
      guard let facts = try await session.store.facts(for: [key])[0] else {
        return .refused("there is no account \(order.account)")
      }
      if facts.account.currency != order.amount.currency {
        return .refused(
          "account \(order.account) is kept in \(facts.account.currency), "
            + "the amount is in \(order.amount.currency)")
      }
      let open = try await session.store.openInvoices(of: order.account)
      if let before = try await earlier(order, facts, open, isDryRun: isDryRun) { return before }
      let inOrder: [InvoiceFacts]
      switch try await payable(order, open) {
      case .success(let invoices): inOrder = invoices
      case .failure(let refusal): return .refused(refusal.why)
      }
      let planned: (change: Change, plan: PostingPlan)
      do { planned = try change(order, facts, inOrder) } catch let error as MoneyError {
        return .refused("\(error)")
      }
      if isDryRun { return .done(planned.plan) }
      if case .committed(let events) = try await session.commit([planned.change])[0] {
        await outbox?.publish(events)
        try await session.recordConfirmed()
        return .done(planned.plan)
      }
    }
    throw ContentionError(items: 1)
  }

  /// The earlier outcome of the reference; `nil` if it is new.
  private func earlier(
    _ order: PostingOrder, _ facts: AccountFacts, _ open: [InvoiceFacts], isDryRun: Bool
  ) async throws -> PostingOutcome? {
    // One row by its key; its parts are looked up across all accounts.
    guard try await session.store.owner(of: order.reference, order.transactionKind) != nil else {
      return nil
    }
    let postings = try await session.store.incoming(
      order.transactionKind, reference: order.reference)
    let own = postings.first { $0.account == order.account }
    if let owner = postings.first(where: { $0.account != order.account })?.account, own == nil {
      return .refused("reference \(order.reference) was recorded before, for account \(owner)")
    }
    guard let own else { return nil }
    if !isDryRun { try await publishLeftOvers() }
    if own.isReversed {
      return .refused("reference \(order.reference) was recorded before and reversed")
    }
    let before = Money(own.amountMinor, own.currency)
    guard before == order.amount else {
      return .refused("reference \(order.reference) was recorded before, for \(before)")
    }
    return .repeated(
      PostingPlan(earlier: own, amount: before, creditMinor: facts.creditMinor, open: open))
  }

  private struct NotPayable: Error {
    var why: String
  }

  /// The invoices it is meant for come first.
  private func payable(
    _ order: PostingOrder, _ open: [InvoiceFacts]
  ) async throws -> Result<[InvoiceFacts], NotPayable> {
    var first: [InvoiceFacts] = []
    for id in order.invoices where !first.contains(where: { $0.id == id }) {
      if let invoice = open.first(where: { $0.id == id }) {
        first.append(invoice)
        continue
      }
      let found = try await session.store.invoices([id])[id]?.facts
      guard let found, found.account == order.account else {
        return .failure(NotPayable(why: "account \(order.account) has no invoice \(id)"))
      }
      return .failure(
        NotPayable(why: "invoice \(id) has nothing open; it is \(found.status.rawValue)"))
    }
    return .success(first + open.filter { invoice in !first.contains { $0.id == invoice.id } })
  }

  private func change(
    _ order: PostingOrder, _ facts: AccountFacts, _ open: [InvoiceFacts]
  ) throws -> (Change, PostingPlan) {
    let now = session.clock.now()
    let posting = try Transaction.incoming(
      order.transactionKind, from: order.source, amountMinor: order.amount.amountMinor,
      reference: order.reference, account: facts.account, open: open)
    var after = facts
    after.invoice = open.first
    after = try after.after(posting)
    try after.checkBalance(since: facts)
    let paid = PaidInvoices(by: posting, of: open)
    let cause = Event(
      id: order.messageID, type: order.type, source: session.source, time: now, data: EventData())
    let event = try AccountEvents(session, causedBy: cause).make(
      order.type, about: "\(order.account):\(order.reference)", after: after
    ) {
      $0.payment = .init(amount: order.amount.amountMinor, reference: order.reference)
    }
    let plan = PostingPlan(
      account: order.account, amount: order.amount, posting.entries,
      creditMinor: after.creditMinor, open: open)
    let change = Change(
      service: .closectl, messageID: order.messageID, account: facts.account.id,
      expectedPosition: facts.position,
      decision: DecisionRecord(
        rule: "operator.\(order.transactionKind.rawValue)", finding: .same,
        explanation: plan.sentence(order.reference), found: facts.snapshot(at: now)),
      writes: [.post(posting)] + paid.writes, events: [event], at: now)
    return (change, plan)
  }
}
