import Billing
import Ledger

/// What an answer from the gateway leads to.
enum ChargeEnd: Sendable {
  case outcome(Outcome)
  /// Nothing was sent: the same attempt follows once charging resumes.
  case notMade
  /// An earlier attempt is settled, and these events report it; the message is decided again.
  case again([StoredEvent])
}

/// What is committed once the gateway has answered for an attempt.
struct ChargeResult {
  var session: LedgerSession
  var policy: ChargePolicy
  var result: GatewayResult
  var facts: AccountFacts
  /// The invoice for which the payment that answers was counted before.
  var countedFor: String?

  private var call: GatewayCall { result.call }
  private var job: Job { result.call.job }

  /// The attempt as the ledger has it now; another charger may have settled it meanwhile.
  private var stored: Attempt? {
    facts.attempts.first { $0.number == call.attempt.number }
  }

  func plan() throws -> LedgerSession.Plan<ChargeEnd> {
    guard stored?.state.isUnsettled == true else { return .end(.again([])) }
    switch result.answer {
    case .neverMade: return settleOnly(.lost)
    case .notFoundYet(let why): return unknown(Fault(.gatewayUnknown, why))
    case .gateway(.succeeded(let id)):
      if let countedFor, countedFor != call.attempt.invoice {
        let why = "payment \(id) was counted for \(countedFor): it does not prove another was paid"
        return try parked(Fault(.gatewayImplausible, why))
      }
      return try succeeded(id)
    case .gateway(.declined(let id, let code)):
      return try declined(id, code: code)
    case .gateway(.inProgress):
      return unknown(Fault(.gatewayBusy, "the gateway is still working on this attempt"))
    case .gateway(.throttled):
      return unknown(Fault(.gatewayBusy, "the gateway asks us to slow down"))
    case .gateway(.unknown(let why)):
      return unknown(Fault(.gatewayUnknown, "no certain answer from the gateway: \(why)"))
    case .notCalled, .gateway(.unauthorized), .gateway(.untrusted), .gateway(.unreachable):
      return .end(.notMade)
    case .gateway(.rejected(let why)):
      return try parked(
        Fault(.gatewayRejected, "the gateway rejects the request: \(why)"), as: .lost)
    case .gateway(.implausible(let why)):
      return try parked(Fault(.gatewayImplausible, "the gateway's answer does not match: \(why)"))
    }
  }

  // MARK: The ends of an attempt

  private func succeeded(_ gatewayID: String) throws -> LedgerSession.Plan<ChargeEnd> {
    var attempt = settled(.succeeded)
    attempt.gatewayID = gatewayID
    let posting = try Transaction.charge(attempt, openMinor: facts.invoice?.openMinor ?? 0)
    var after = try facts.after(posting)
    after.attempts = after.attempts.map { $0.number == attempt.number ? attempt : $0 }
    let open = after.invoice?.openMinor ?? 0
    var change = self.change("charged \(amount) (attempt \(attempt.number)): succeeded")
    change.writes = [.post(posting), .settle(attempt)]
    change.writes += progress(.settled, open <= 0 ? .paid : .awaitingPayment)
    if open <= 0 {
      change.writes += [
        .cancelDue(service: .charger, kind: .dueCharge, invoice: attempt.invoice),
        .cancelDue(service: .holder, kind: .dueGrace, invoice: attempt.invoice),
      ]
    }
    change.events = [try event(.chargeSucceeded, attempt, after: after)]
    return finish(change)
  }

  private func declined(
    _ gatewayID: String?, code: String
  ) throws -> LedgerSession.Plan<ChargeEnd> {
    let hard = DeclinePolicy.isHard(code)
    var attempt = settled(hard ? .declinedHard : .declinedSoft)
    attempt.gatewayID = gatewayID
    attempt.declineCode = code
    let next = hard ? nil : nextAttempt(after: attempt)
    var change = self.change(
      "charge of \(amount) (attempt \(attempt.number)) declined: \(code); "
        + (next.map { "next attempt \($0)" } ?? "no further attempt"))
    change.writes = [.settle(attempt)]
    change.writes += progress(.settled, next == nil ? .awaitingPayment : .retryScheduled)
    if let next {
      change.writes.append(
        .schedule(
          DueWork(
            service: .charger, kind: .dueCharge,
            reference: "\(attempt.invoice):\(attemptsMade + 1)", account: attempt.account,
            invoice: attempt.invoice, dueAt: next, causationID: job.event.id)))
    }
    change.events = [
      try event(.chargeDeclined, attempt, after: facts, declineCode: code, next: next)
    ]
    return finish(change)
  }

  /// Settled for the ledger alone; the message is decided again on it.
  private func settleOnly(_ state: AttemptState) -> LedgerSession.Plan<ChargeEnd> {
    var change = self.change("")
    change.decision = nil
    change.writes = [.settle(settled(state))]
    return .commit(change, then: { .again($0.events) })
  }

  /// Whatever happens to the message: once the gateway has forgotten the key, the payment is looked
  /// up, and charged under a new key if it was never made.
  private func unknown(_ fault: Fault) -> LedgerSession.Plan<ChargeEnd> {
    var change = self.change("")
    change.decision = nil
    var attempt = call.attempt
    attempt.state = .unknown
    let due = settlingTime(attempt)
    change.writes = [
      .settle(attempt),
      .schedule(
        DueWork(
          service: .charger, kind: .dueCharge,
          reference: "\(attempt.invoice)#unknown@\(due.rfc3339):\(attempt.number)",
          account: attempt.account, invoice: attempt.invoice, dueAt: due,
          causationID: job.event.id)),
    ]
    return .commit(change, then: { _ in .outcome(.later(fault)) })
  }

  /// When the key is forgotten; after that, the next full six hours.
  private func settlingTime(_ attempt: Attempt) -> Instant {
    let first = attempt.createdAt.adding(seconds: policy.forgottenSeconds)
    if now < first { return first }
    let slot: Int64 = 6 * 3600 * 1000
    return Instant(milliseconds: (now.milliseconds / slot + 1) * slot)
  }

  /// A rejected attempt was not made: once the account is corrected, another may take its place.
  private func parked(
    _ fault: Fault, as state: AttemptState = .parked
  ) throws -> LedgerSession.Plan<ChargeEnd> {
    var attempt = settled(state)
    if state == .lost { attempt.declineCode = Attempt.rejected }
    var change = self.change("attempt \(attempt.number) parked for a person: \(fault.explanation)")
    change.messageID = job.parkedID
    change.decision?.rule = "charge.\(fault.reason.rawValue)"
    change.decision?.finding = .contradiction
    change.writes = [.settle(attempt)] + progress(.settledSilently, .parked)
    change.events = [try event(.chargeParked, attempt, after: facts)]
    return .commit(change, then: { _ in .outcome(.dead(fault)) })
  }

  // MARK: Parts

  /// A fresh attempt answers its message. An attempt found unsettled is settled first, then the
  /// message is decided again on what the ledger says then.
  private func finish(_ change: Change) -> LedgerSession.Plan<ChargeEnd> {
    if call.isFresh { return .commit(change, then: { .outcome(.done($0.events)) }) }
    var change = change
    change.messageID = "\(job.event.id)#settled-\(call.attempt.number)"
    change.decision?.rule = "charge.settle-first"
    change.decision?.finding = .unsettled
    return .commit(change, then: { .again($0.events) })
  }

  private func change(_ explanation: String) -> Change {
    let rest =
      call.leaving > 0
      ? "; another \(Money.text(call.leaving, facts.account.currency)) stays open" : ""
    return Change(
      service: .charger, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position,
      decision: DecisionRecord(
        rule: call.attempt.rule, finding: call.finding, explanation: explanation + rest,
        believed: job.event.data.snapshot, found: call.facts.snapshot(at: now)),
      at: now)
  }

  private var now: Instant { session.clock.now() }
  private var amount: String { Money.text(call.attempt.amountMinor, call.attempt.currency) }

  private func settled(_ state: AttemptState) -> Attempt {
    var attempt = call.attempt
    attempt.state = state
    attempt.settledAt = now
    return attempt
  }

  /// Attempts that reached the gateway, this one included.
  private var attemptsMade: Int { facts.attempts.filter { $0.state != .lost }.count }

  /// Counted from the attempts that were actually made. This one ends now, however long it took to
  /// find its answer: that is when the customer is informed.
  private func nextAttempt(after attempt: Attempt) -> Instant? {
    let first = facts.attempts.first { $0.state != .lost } ?? attempt
    return policy.retries.next(made: attemptsMade, first: first.createdAt, last: now)
  }

  private func progress(_ reached: Milestone, _ end: AccountEnd) -> [Write] {
    guard let period = facts.invoice?.period else { return [] }
    return [.progress(account: facts.account.id, period: period, reached: reached, end: end)]
  }

  private func event(
    _ type: EventType, _ attempt: Attempt, after: AccountFacts, declineCode: String? = nil,
    next: Instant? = nil
  ) throws -> OutgoingEvent {
    try AccountEvents(session, causedBy: job.event).make(
      type, about: "\(attempt.invoice):\(attempt.number)", after: after
    ) {
      $0.charge = .init(
        attempt: attempt.number, amount: attempt.amountMinor, declineCode: declineCode,
        nextAttemptAt: next)
      $0.reason = attempt.rule
    }
  }
}
