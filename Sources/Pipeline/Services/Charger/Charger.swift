import Billing
import Ledger
import Logging

/// Charges what is still owed, at most once per invoice.
///
/// 1. decide by the table and commit the intents, 2. call the gateway, many at a time, 3. commit
/// what it answered. A crash between them leaves an unsettled attempt, which the redelivered
/// message finds and settles first. Its idempotency key makes every repetition of 2 harmless.
public struct Charger: Sendable {
  let desk: Desk
  let caller: GatewayCaller
  let policy: ChargePolicy

  public init(desk: Desk, gateway: PaymentGateway, policy: ChargePolicy) {
    self.desk = desk
    self.caller = GatewayCaller(gateway: gateway, desk: desk, policy: policy)
    self.policy = policy
  }

  /// An attempt settled here may have been an earlier one: then the message is decided again.
  static let roundLimit = 5

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    var outcomes = [Outcome?](repeating: nil, count: jobs.count)
    var made = [[StoredEvent]](repeating: [], count: jobs.count)
    var open = Array(jobs.indices)
    for _ in 0..<Self.roundLimit where !open.isEmpty {
      var calls: [(index: Int, call: GatewayCall)] = []
      for (index, step) in zip(open, try await decide(open.map { jobs[$0] })) {
        switch step {
        case .end(let outcome): outcomes[index] = outcome
        case .call(let call): calls.append((index, call))
        }
      }
      let answers = await caller.answers(to: calls.map(\.call))
      open = []
      for (call, end) in zip(calls, try await record(answers)) {
        switch end {
        case .outcome(let outcome): outcomes[call.index] = outcome
        case .again(let events):
          made[call.index] += events
          open.append(call.index)
        }
      }
    }
    return zip(outcomes, made).map { outcome, earlier in
      (outcome ?? .later(Self.unsettled)).with(earlier)
    }
  }

  private static let unsettled = Fault(
    .chargeUnsettled, "attempts on this invoice keep coming up unsettled")

  private enum Step: Sendable {
    case end(Outcome)
    case call(GatewayCall)
  }

  // MARK: 1. Decide, and commit the intent before the first byte is sent

  private func decide(_ jobs: [Job]) async throws -> [Step] {
    try await desk.reconcile(jobs, about: \.key) { job, facts in
      guard let situation = ChargeSituation(job, facts) else { return .end(.end(job.unexpected)) }
      let decided = DecisionTable.charger.decide(situation)
      let plan = ChargePlan(
        desk: desk, job: job, decided: decided, target: situation.attempt)
      guard let facts else { return .end(.end(plan.behind)) }
      switch decided.action {
      case .wait: return .end(.end(plan.behind))
      case .park: return try plan.park(facts).map(Step.end)
      case .nothing: return try plan.chargeNothing(facts).map(Step.end)
      case .settle(let attempt):
        return .end(.call(GatewayCall(job: job, attempt: attempt, facts: facts, isFresh: false)))
      case .charge(let amountMinor, let leaving):
        let attempt = plan.attempt(amountMinor, facts)
        let call = GatewayCall(
          job: job, attempt: attempt, facts: facts, isFresh: true, finding: decided.finding,
          leaving: leaving)
        return .commit(
          plan.intent(attempt, facts),
          then: {
            $0.wasAnswered ? .end(.done($0.events)) : .call(call)
          })
      }
    }
  }

  // MARK: 3. Commit what the gateway answered

  private func record(_ answers: [GatewayResult]) async throws -> [ChargeEnd] {
    try await desk.reconcile(answers, about: \.call.job.key) { result, facts in
      guard let facts else {
        let fault = Fault(.behind, "the account is not in the ledger any more")
        return .end(.outcome(.later(fault)))
      }
      return try ChargeResult(desk: desk, policy: policy, result: result, facts: facts).plan()
    }
  }
}

extension Outcome {
  /// Events of an earlier step of the same message go out with its own. Where the message is not
  /// done they stay recorded as unpublished and follow within seconds.
  func with(_ earlier: [StoredEvent]) -> Outcome {
    if case .done(let events) = self { .done(earlier + events) } else { self }
  }
}

extension Desk.Plan {
  func map<Other>(_ transform: @escaping @Sendable (Result) -> Other) -> Desk.Plan<Other> {
    switch self {
    case .commit(let change, let then): .commit(change, then: { transform(then($0)) })
    case .end(let result): .end(transform(result))
    }
  }
}

/// When and how often a declined card is tried again, and how long the gateway knows a key.
public struct ChargePolicy: Sendable {
  /// Days after the first attempt.
  public var retryDays: [Int]
  /// Stripe prunes keys after 24 hours; an hour is left for clocks that differ.
  public var keyWindowSeconds: Int64 = 23 * 3600
  /// From then on a payment that cannot be found was never made.
  public var forgottenSeconds: Int64 { keyWindowSeconds + 3600 }
  public var inFlight: Int

  public init(retryDays: [Int], inFlight: Int) {
    self.retryDays = retryDays
    self.inFlight = inFlight
  }
}
