import Billing
import Ledger

/// What the charger writes for a charge that the gateway already holds.
struct ChargeTakeOver {
  static let rule = "charge.found-at-gateway"

  var desk: LedgerSession
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
      try AccountEvents(desk, causedBy: job.event).make(
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
      service: desk.service, messageID: job.event.id, account: facts.account.id,
      expectedPosition: facts.position, at: desk.clock.now())
  }

  /// Under its own number and key, if the ledger has not gone past it.
  private func attempt(_ state: AttemptState) -> Attempt {
    let invoice = facts.invoice?.id ?? ""
    let last = facts.attempts.map(\.number).max() ?? 0
    let own = charge.attempt.flatMap { $0 > last ? $0 : nil }
    let now = desk.clock.now()
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
