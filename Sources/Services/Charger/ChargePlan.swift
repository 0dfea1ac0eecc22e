import Billing
import Ledger

extension ChargeSituation {
  /// `nil` for a message that does not concern the charger.
  public init?(_ job: Job, _ facts: AccountFacts?, _ due: DueProof, found: [FoundCharge] = []) {
    guard let snapshot = job.event.data.snapshot else { return nil }
    switch job.type {
    case .invoiceIssued: self.init(snapshot: snapshot, facts: facts, attempt: 1, found: found)
    case .dueCharge:
      let attempt = job.dueReference.map(DueWork.attempt) ?? 1
      self.init(
        snapshot: snapshot, facts: facts, attempt: attempt, isDue: due.covers(job), found: found)
    default: return nil
    }
  }
}

/// What the charger writes once the table has decided.
public struct ChargePlan {
  var session: LedgerSession
  var job: Job
  var decided: Decided<ChargeAction>
  /// The attempt the message asks for: 1, or n of a due retry.
  var target: Int
  /// What the gateway holds for the invoice beyond the ledger's attempts.
  var found: [FoundCharge] = []

  private var snapshot: Snapshot? { job.event.data.snapshot }

  var behind: Outcome {
    .later(
      Fault(
        .behind,
        "\(decided.rule): the message is at position \(snapshot?.position ?? 0) of the account, "
          + "which the ledger has not reached yet"))
  }

  /// The key is a function of invoice and number: a repetition of the same attempt has the same
  /// key.
  func attempt(_ amountMinor: Int64, _ facts: AccountFacts) -> Attempt {
    let invoice = facts.invoice?.id ?? ""
    let number = nextNumber(facts)
    return Attempt(
      invoice: invoice, account: facts.account.id, number: number,
      key: Self.key(invoice, number), amountMinor: amountMinor,
      currency: facts.account.currency, state: .sent,
      paymentMethod: facts.account.paymentMethod, rule: decided.rule,
      createdAt: session.clock.now())
  }

  static func key(_ invoice: String, _ number: Int) -> String {
    "month-close/\(invoice)/\(number)"
  }

  /// Higher than every attempt of ours that the ledger or the gateway has seen: no key is used
  /// twice.
  private func nextNumber(_ facts: AccountFacts) -> Int {
    let seen = facts.attempts.map(\.number) + found.compactMap(\.attempt)
    return (seen.max() ?? 0) + 1
  }

  func intent(_ attempt: Attempt, _ facts: AccountFacts) -> Change {
    Change(
      service: .charger, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position, writes: [.attempt(attempt)], at: attempt.createdAt)
  }

  func chargeNothing(_ facts: AccountFacts) throws -> LedgerSession.Plan<Outcome> {
    let now = session.clock.now()
    let invoice = facts.invoice
    let open = Money.text(invoice?.openMinor ?? 0, facts.account.currency)
    let limit = limit(facts).map { ": \($0)" } ?? ""
    var change = Change(
      service: .charger, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position,
      decision: DecisionRecord(
        decided, "charged nothing; \(open) is open\(limit)", believed: snapshot, found: facts,
        at: now),
      at: now)
    if let end = Self.end(decided.rule, facts), let period = invoice?.period {
      change.writes = [
        .progress(
          account: facts.account.id, period: period, reached: .settledSilently, end: end)
      ]
      change.events = [
        try AccountEvents(session, causedBy: job.event).make(
          .chargeSkipped, about: "\(invoice?.id ?? ""):\(target)", after: facts
        ) {
          $0.charge = .init(attempt: 0, amount: 0)
          $0.reason = decided.rule
        }
      ]
    }
    return .commit(change, then: { .done($0.events) })
  }

  /// The gateway's objection to the amount, if a rule about that decided.
  private func limit(_ facts: AccountFacts) -> String? {
    guard Self.limits.contains(decided.rule), let snapshot else { return nil }
    let situation = ChargeSituation(snapshot: snapshot, facts: facts, attempt: target)
    return situation.chargeability.reason(
      facts.invoice?.openMinor ?? 0, facts.account.currency)
  }

  private static let limits: Set = [
    "charge.not-chargeable", "charge.below-minimum", "charge.above-maximum",
  ]

  /// The account's end if nothing was charged. `nil` if one of our charges has already reported it.
  public static func end(_ rule: String, _ facts: AccountFacts) -> AccountEnd? {
    if facts.attempts.contains(where: { $0.state == .succeeded }) { return nil }
    switch rule {
    case "charge.nothing-open": return (facts.invoice?.totalMinor ?? 0) > 0 ? .paid : .nothingDue
    case "charge.void": return .nothingDue
    case "charge.manual", "charge.now-manual": return .awaitingPayment
    case _ where limits.contains(rule): return .awaitingPayment
    default: return nil
    }
  }

  /// Parked: recorded in the ledger, shown in the close, and a dead letter for a person. It is
  /// recorded under a separate id, so that a replay of the letter is decided afresh.
  func park(_ facts: AccountFacts) throws -> LedgerSession.Plan<Outcome> {
    let now = session.clock.now()
    let fault = Fault(.contradiction, "\(decided.rule): message and ledger cannot both be true")
    var change = Change(
      service: .charger, messageID: job.parkedID, account: facts.account.id,
      decision: DecisionRecord(
        decided, "parked for a person", believed: snapshot, found: facts, at: now),
      at: now)
    if let invoice = facts.invoice, invoice.account == facts.account.id, invoice.openMinor > 0 {
      change.writes = [
        .progress(
          account: facts.account.id, period: invoice.period, reached: .settledSilently,
          end: .parked)
      ]
      change.events = [
        try AccountEvents(session, causedBy: job.event).make(
          .chargeParked, about: "\(invoice.id):\(target)", after: facts
        ) {
          $0.charge = .init(attempt: 0, amount: 0)
          $0.reason = decided.rule
        }
      ]
    }
    return .commit(change, then: { _ in .dead(fault) })
  }
}

/// When and how often a declined card is tried again, and how long the gateway knows a key.
public struct ChargePolicy: Sendable {
  public var retries: RetrySchedule
  /// Stripe prunes keys after 24 hours; an hour is left for clocks that differ.
  public var keyWindowSeconds: Int64 = 23 * 3600
  /// From then on, a payment that cannot be found was never made.
  public var forgottenSeconds: Int64 { keyWindowSeconds + 3600 }
  /// A request sent longer ago is no longer in progress, and a search finds its outcome, even if
  /// the clocks of two machines differ by up to half an hour.
  public var quietSeconds: Int64 = 2400
  /// An attempt is sent without a lookup only within this time after it was recorded.
  public var freshSeconds: Int64 = 300
  public var inFlight: Int

  public init(retryDays: [Int], inFlight: Int) {
    self.retries = RetrySchedule(days: retryDays)
    self.inFlight = inFlight
  }
}

/// What the charger writes for a charge that the gateway already holds.
struct ChargeTakeOver {
  static let rule = "charge.found-at-gateway"

  var session: LedgerSession
  var job: Job
  var decided: Decided<ChargeAction>
  var charge: FoundCharge
  var facts: AccountFacts

  /// `nil`: the message is decided again on what is written.
  func plan() throws -> LedgerSession.Plan<Outcome?> {
    charge.state == .succeeded ? try money() : failure()
  }

  /// The gateway's list is sufficient: it is posted as a succeeded attempt.
  private func money() throws -> LedgerSession.Plan<Outcome?> {
    let attempt = self.attempt(.succeeded)
    let posting = try Transaction.charge(attempt, openMinor: facts.invoice?.openMinor ?? 0)
    var after = try facts.after(posting)
    after.attempts.append(attempt)
    let isPaid = (after.invoice?.openMinor ?? 0) <= 0
    var change = self.change
    let amount = Money.text(charge.amountMinor, facts.account.currency)
    change.decision = DecisionRecord(
      decided, "the gateway holds \(charge.id) for \(amount) on this invoice: recorded",
      believed: job.event.data.snapshot, found: facts, at: change.at)
    change.writes = [.attempt(attempt), .post(posting)]
    if let period = facts.invoice?.period {
      change.writes.append(
        .progress(
          account: facts.account.id, period: period, reached: .settled,
          end: isPaid ? .paid : .awaitingPayment))
    }
    if isPaid {
      change.writes += [
        .cancelDue(service: .charger, kind: .dueCharge, invoice: attempt.invoice),
        .cancelDue(service: .holder, kind: .dueGrace, invoice: attempt.invoice),
      ]
    }
    change.events = [
      try AccountEvents(session, causedBy: job.event).make(
        .chargeSucceeded, about: "\(attempt.invoice):\(attempt.number)", after: after
      ) {
        $0.charge = .init(attempt: attempt.number, amount: attempt.amountMinor)
        $0.reason = attempt.rule
      }
    ]
    return .commit(change, then: { .done($0.events) })
  }

  /// The list does not say why it failed: the attempt is recorded as pending, and looked up like
  /// any other.
  private func failure() -> LedgerSession.Plan<Outcome?> {
    var change = self.change
    change.writes = [.attempt(attempt(.unknown))]
    return .commit(change, then: { $0.wasAnswered ? .done($0.events) : nil })
  }

  private var change: Change {
    Change(
      service: session.service, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position, at: session.clock.now())
  }

  /// Under its own number and key, if the ledger has not gone past it.
  private func attempt(_ state: AttemptState) -> Attempt {
    let invoice = facts.invoice?.id ?? ""
    let last = facts.attempts.map(\.number).max() ?? 0
    let own = charge.attempt.flatMap { $0 > last ? $0 : nil }
    let now = session.clock.now()
    // After the one before it, whatever the gateway's clock says.
    let earliest = facts.attempts.compactMap(\.settledAt).max() ?? charge.madeAt ?? now
    return Attempt(
      invoice: invoice, account: facts.account.id, number: own ?? last + 1,
      key: own.map { ChargePlan.key(invoice, $0) } ?? "taken-over/\(charge.id)",
      amountMinor: charge.amountMinor, currency: facts.account.currency, state: state,
      gatewayID: charge.payment ?? charge.id, rule: decided.rule,
      createdAt: min(max(charge.madeAt ?? now, earliest), now),
      settledAt: state == .succeeded ? now : nil)
  }
}
