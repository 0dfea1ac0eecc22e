import Billing
import Ledger

/// Places a hold on an account that still owes past its grace period, and lifts it once it does
/// not.
public struct Holder: DueWorkHandler {
  let session: LedgerSession
  /// Payments and credits are recorded with `closectl`, which does not keep running.
  public var relays: [ServiceName] { [.closectl] }

  public init(session: LedgerSession) { self.session = session }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    let due = try await DueProof(jobs, by: .holder, in: session.store)
    return try await session.decideAndCommit(jobs, about: \.key, alongside: holds) {
      job, facts, holds in
      guard let snapshot = job.event.data.snapshot else { return .end(job.unexpected) }
      switch job.type {
      case .chargeDeclined, .chargeSkipped, .dueGrace:
        return try aboutDebt(job, snapshot, facts, isDue: due.covers(job))
      case _ where Self.payments.contains(job.type):
        let hold = facts.flatMap { holds[$0.account.id] }
        let facts = hold?.facts ?? facts
        if let held = facts?.heldForInvoice, held != hold?.invoice {
          let fault = Fault(.behind, "a hold was placed while the payment was being processed")
          return .end(.later(fault))
        }
        return try aboutPayment(job, snapshot, facts, overdue: hold?.overdue ?? 0)
      default: return .end(job.unexpected)
      }
    }
  }

  // MARK: A debt

  private func aboutDebt(
    _ job: Job, _ snapshot: Snapshot, _ facts: AccountFacts?, isDue: Bool
  ) throws -> LedgerSession.Plan<Outcome> {
    let now = session.clock.now()
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
        try AccountEvents(session, causedBy: job.event).make(
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
        try AccountEvents(session, causedBy: job.event).make(
          .holdLifted, about: "\(held):\(facts.position)", after: after
        ) { $0.reason = decided.rule }
      ]
    case .keep: change.decision?.explanation = "\(overdue) invoices are past their grace period"
    case .nothing, .wait, .park: change.decision?.explanation = "no hold to lift"
    }
    return .commit(change, then: { .done($0.events) })
  }

  /// An account on hold that has received money.
  public struct HeldAccount: Sendable {
    var invoice: String
    /// With the invoice it is held for, which is the one that matters.
    public var facts: AccountFacts
    /// Its invoices past their grace period.
    public var overdue: Int
  }

  /// By account. Reads nothing more where no account is on hold.
  public func holds(
    of jobs: [Job], _ facts: [AccountFacts?]
  ) async throws -> [String: HeldAccount] {
    let held = zip(jobs, facts).compactMap { job, facts -> AccountFacts? in
      facts?.heldForInvoice != nil && Self.payments.contains(job.type) ? facts : nil
    }
    if held.isEmpty { return [:] }
    let keys = held.map { FactKey(account: $0.account.id, invoice: $0.heldForInvoice) }
    var holds: [String: HeldAccount] = [:]
    let now = session.clock.now()
    for (key, facts) in zip(keys, try await session.store.facts(for: keys)) {
      guard let facts, let invoice = key.invoice else { continue }
      let open = try await session.store.openInvoices(of: key.account)
      let overdue = open.count {
        $0.issuedAt.adding(days: facts.account.holdAfterDays) <= now
          && !facts.account.isTooSmallToCollect($0.openMinor)
      }
      holds[key.account] = HeldAccount(invoice: invoice, facts: facts, overdue: overdue)
    }
    return holds
  }

  private static let payments: Set<EventType> = [
    .chargeSucceeded, .paymentRecorded, .creditGranted, .creditApplied,
  ]

  // MARK: Parts

  private func change<Action>(
    _ job: Job, _ decided: Decided<Action>, _ facts: AccountFacts, _ snapshot: Snapshot
  ) -> Change {
    let now = session.clock.now()
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
    try work.announcement(facts, from: session) { _ in }
  }
}
