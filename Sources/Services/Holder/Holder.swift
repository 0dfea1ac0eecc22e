import Billing
import Ledger

/// Places a hold on an account that still owes past its grace period, and lifts it once it does
/// not.
public struct Holder: Sendable {
  let desk: LedgerSession

  public init(desk: LedgerSession) { self.desk = desk }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    let holds = try await holds(of: jobs)
    let due = try await DueProof(jobs, by: .holder, in: desk.store)
    let items = jobs.enumerated().map { Item(job: $1, held: holds[$0]) }
    return try await desk.reconcile(items, about: \.key) { item, facts in
      guard let snapshot = item.job.event.data.snapshot else { return .end(item.job.unexpected) }
      switch item.job.type {
      case .chargeDeclined, .chargeSkipped, .dueGrace:
        return try aboutDebt(item.job, snapshot, facts, isDue: due.covers(item.job))
      case .chargeSucceeded, .paymentRecorded, .creditGranted, .creditApplied:
        if let held = facts?.heldForInvoice, held != item.held?.key.invoice {
          let fault = Fault(.behind, "a hold was placed while the payment was being processed")
          return .end(.later(fault))
        }
        let overdue = item.held?.overdue ?? 0
        return try aboutPayment(item.job, snapshot, facts, overdue: overdue)
      default: return .end(item.job.unexpected)
      }
    }
  }

  private struct Item: Sendable {
    var job: Job
    var held: HeldAccount?
    /// For an account on hold, the invoice that matters is the one it is held for.
    var key: FactKey { held?.key ?? job.key }
  }

  // MARK: A debt

  private func aboutDebt(
    _ job: Job, _ snapshot: Snapshot, _ facts: AccountFacts?, isDue: Bool
  ) throws -> LedgerSession.Plan<Outcome> {
    let now = desk.clock.now()
    let decided = DecisionTable.holder.decide(
      HoldSituation(snapshot: snapshot, facts: facts, now: now, isDue: isDue))
    if decided.action == .refuse { return .end(.dead(Fault(notDue: job, decided.rule))) }
    guard let facts, let invoice = facts.invoice, decided.action != .wait,
      decided.action != .park
    else { return .end(notNow(decided.rule, parks: decided.action == .park)) }
    let account = facts.account.id
    var change = change(job, decided, facts, snapshot)
    switch decided.action {
    case .waitUntil(let end) where job.event.id == Event.id(.dueGrace, grace(invoice, end)):
      // Due by a clock that is ahead of this one: if scheduled again, it would never arrive.
      return .end(.later(Fault(.behind, "by this clock the grace period ends only at \(end)")))
    case .waitUntil(let end):
      change.decision?.explanation = "checks \(invoice.id) again at \(end)"
      change.writes = [
        .schedule(
          DueWork(
            service: .holder, kind: .dueGrace, reference: grace(invoice, end),
            account: account, invoice: invoice.id, dueAt: end, causationID: job.event.id))
      ]
    case .place:
      var after = facts
      after.heldForInvoice = invoice.id
      let open = Money.text(invoice.openMinor, invoice.currency)
      change.decision?.explanation = "put on hold for \(invoice.id), with \(open) open"
      change.writes = [
        .placeHold(account: account, invoice: invoice.id),
        .progress(account: account, period: invoice.period, reached: [], end: .held),
      ]
      change.events = [
        try AccountEvents(desk, causedBy: job.event).make(
          .holdPlaced, about: invoice.id, after: after
        ) { $0.reason = decided.rule }
      ]
    case .nothing, .wait, .park, .refuse: change.decision?.explanation = "no hold placed"
    }
    return .commit(change, then: { .done($0.events) })
  }

  private func grace(_ invoice: InvoiceFacts, _ end: Instant) -> String {
    "\(invoice.id):\(end.rfc3339)"
  }

  // MARK: A payment

  private func aboutPayment(
    _ job: Job, _ snapshot: Snapshot, _ facts: AccountFacts?, overdue: Int
  ) throws -> LedgerSession.Plan<Outcome> {
    let decided = DecisionTable.lifter.decide(
      LiftSituation(snapshot: snapshot, facts: facts, overdue: overdue))
    guard let facts, decided.action != .wait, decided.action != .park else {
      return .end(notNow(decided.rule, parks: decided.action == .park))
    }
    var change = change(job, decided, facts, snapshot)
    switch decided.action {
    case .lift:
      let held = facts.heldForInvoice ?? ""
      var after = facts
      after.heldForInvoice = nil
      change.decision?.explanation = "hold for \(held) lifted"
      change.writes = [.liftHold(account: facts.account.id, invoice: held)]
      change.events = [
        try AccountEvents(desk, causedBy: job.event).make(
          .holdLifted, about: "\(held):\(facts.position)", after: after
        ) { $0.reason = decided.rule }
      ]
    case .keep: change.decision?.explanation = "\(overdue) invoices are past their grace period"
    case .nothing, .wait, .park: change.decision?.explanation = "no hold to lift"
    }
    return .commit(change, then: { .done($0.events) })
  }

  /// An account on hold that has received money: the invoice concerned, and what else is overdue.
  public struct HeldAccount: Sendable {
    public var key: FactKey
    public var overdue: Int
  }

  public func holds(of jobs: [Job]) async throws -> [Int: HeldAccount] {
    let paid = jobs.enumerated().filter {
      [.chargeSucceeded, .paymentRecorded, .creditGranted, .creditApplied].contains(
        $0.element.type)
    }
    if paid.isEmpty { return [:] }
    let facts = try await desk.store.facts(for: paid.map(\.element.key))
    var held: [Int: HeldAccount] = [:]
    let now = desk.clock.now()
    for (item, found) in zip(paid, facts) {
      guard let found, let invoice = found.heldForInvoice else { continue }
      let open = try await desk.store.openInvoices(of: found.account.id)
      let overdue = open.count {
        $0.issuedAt.adding(days: found.account.holdAfterDays) <= now
          && !found.account.isTooSmallToCollect($0.openMinor)
      }
      held[item.offset] = HeldAccount(
        key: FactKey(account: found.account.id, invoice: invoice), overdue: overdue)
    }
    return held
  }

  // MARK: Parts

  private func change<Action>(
    _ job: Job, _ decided: Decided<Action>, _ facts: AccountFacts, _ snapshot: Snapshot
  ) -> Change {
    let now = desk.clock.now()
    return Change(
      service: .holder, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position,
      decision: DecisionRecord(decided, "", believed: snapshot, found: facts, at: now), at: now)
  }

  private func notNow(_ rule: String, parks: Bool) -> Outcome {
    if parks { return .dead(Fault(.contradiction, "\(rule): message and ledger contradict")) }
    return .later(Fault(.behind, "\(rule): the ledger has not caught up with the message"))
  }

  /// The grace period of an invoice has ended: a message with the current facts.
  public func announceDue(_ work: DueWork, _ facts: AccountFacts) throws -> OutgoingEvent {
    try work.announcement(facts, from: desk) { _ in }
  }
}
