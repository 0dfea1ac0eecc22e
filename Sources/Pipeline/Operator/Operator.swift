import Billing
import Broker
import Ledger
import Logging

/// What became of an operator's command.
public enum OperatorOutcome: Sendable, Equatable {
  case done(String)
  /// The same command was carried out before; nothing changed now.
  case repeated(String)
  case refused(String)
}

/// Commands of people that change the ledger: payments and credits. Idempotent by reference.
public struct Operator: Sendable {
  let desk: Desk
  let outbox: Outbox?

  /// Without a broker the events stay recorded; the next command with a broker publishes them.
  public init(store: any Store, broker: (any Broker)?, clock: LedgerClock, logger: Logger) {
    desk = Desk(service: .closectl, store: store, clock: clock)
    let desk = self.desk
    outbox = broker.map { Outbox(desk: desk, broker: $0, logger: logger) }
  }

  public func recordPayment(
    account: String, amount: Money, reference: String
  ) async throws -> OperatorOutcome {
    try await incoming(
      Incoming(
        kind: .payment, source: .cash, type: .paymentRecorded, account: account, amount: amount,
        reference: reference))
  }

  public func grantCredit(
    account: String, amount: Money, reference: String
  ) async throws -> OperatorOutcome {
    try await incoming(
      Incoming(
        kind: .creditGrant, source: .creditsGranted, type: .creditGranted, account: account,
        amount: amount, reference: reference))
  }

  /// Publishes what earlier commands left, and records what is confirmed.
  public func publishLeftOvers() async throws {
    try await outbox?.relay(of: [.closectl], olderThanSeconds: 0)
  }

  fileprivate struct Incoming: Sendable {
    var kind: Transaction.Kind
    var source: LedgerAccount
    var type: EventType
    var account: String
    var amount: Money
    var reference: String
    var messageID: String { "\(type.routingKey):\(account):\(reference)" }
  }

  private func incoming(_ item: Incoming) async throws -> OperatorOutcome {
    if let refusal = item.refusal { return .refused(refusal) }
    for _ in 0..<Desk.roundLimit {
      let key = FactKey(account: item.account, invoice: nil)
      guard let facts = try await desk.store.facts(for: [key])[0] else {
        return .refused("there is no account \(item.account)")
      }
      if facts.account.currency != item.amount.currency {
        return .refused(
          "account \(item.account) is kept in \(facts.account.currency), "
            + "the amount is in \(item.amount.currency)")
      }
      if let posted = try await desk.store.posted(
        item.kind, account: item.account, reference: item.reference)
      {
        try await publishLeftOvers()
        let before = Money(posted, item.amount.currency)
        return posted == item.amount.amountMinor
          ? .repeated("reference \(item.reference) was recorded before, over \(before)")
          : .refused("reference \(item.reference) was recorded before, over \(before)")
      }
      let open = try await desk.store.openInvoices(of: item.account)
      let change = try change(item, facts, open)
      if case .committed(let events) = try await desk.commit([change])[0] {
        await outbox?.publish(events)
        try await outbox?.flush()
        return .done(change.decision?.explanation ?? "")
      }
    }
    throw ContentionError(items: 1)
  }

  /// Oldest open invoices first, the rest becomes customer credit.
  private func change(
    _ item: Incoming, _ facts: AccountFacts, _ open: [InvoiceFacts]
  ) throws -> Change {
    let now = desk.clock.now()
    let posting = try Transaction.incoming(
      item.kind, from: item.source, amountMinor: item.amount.amountMinor,
      reference: item.reference, account: facts.account, open: open)
    var after = facts
    after.invoice = open.first
    after = try after.after(posting)
    var writes: [Write] = [.post(posting)]
    var paid: [String] = []
    for invoice in open {
      let taken = posting.entries.filter { $0.invoice == invoice.id }.map(\.amountMinor)
      guard invoice.openMinor + taken.reduce(0, +) == 0 else { continue }
      paid.append(invoice.id)
      writes += [
        .progress(
          account: facts.account.id, period: invoice.period, reached: [], end: .paid),
        .cancelDue(service: .charger, kind: .dueCharge, invoice: invoice.id),
        .cancelDue(service: .holder, kind: .dueGrace, invoice: invoice.id),
      ]
    }
    let cause = Event(
      id: item.messageID, type: item.type, source: desk.source, time: now, data: EventData())
    let event = try AccountEvents(desk, causedBy: cause).make(
      item.type, about: "\(item.account):\(item.reference)", after: after
    ) {
      $0.payment = .init(amount: item.amount.amountMinor, reference: item.reference)
    }
    let text = "\(item.amount) by \(item.reference); paid in full: \(paid.joined(separator: ", "))"
    return Change(
      service: .closectl, messageID: item.messageID, account: facts.account.id,
      expectedPosition: facts.position,
      decision: DecisionRecord(
        rule: "operator.\(item.kind.rawValue)", finding: .same,
        explanation: paid.isEmpty ? "\(item.amount) by \(item.reference)" : text,
        found: facts.snapshot(at: now)),
      writes: writes, events: [event], at: now)
  }
}

extension Operator.Incoming {
  fileprivate var refusal: String? {
    if amount.amountMinor <= 0 { return "the amount must be above zero, found \(amount)" }
    let isPlain = reference.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    if reference.isEmpty || reference.utf8.count > 128 || !isPlain {
      return "the reference must have 1 to 128 bytes and no control characters"
    }
    return nil
  }
}
