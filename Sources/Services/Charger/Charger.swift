import Billing
import Ledger
import Logging
import Payments

/// Charges what is still owed, at most once per invoice.
///
/// 1. decide by the table and commit the intents, 2. call the gateway, many calls at a time (before
/// a further attempt it is asked what it has already charged), 3. commit its answers. A crash in
/// between leaves an unsettled attempt, which the redelivered message finds and settles first: a
/// repeated attempt is looked up before it is sent again.
public struct Charger: DueWorkHandler {
  let session: LedgerSession
  let caller: GatewayCaller
  let policy: ChargePolicy
  let memory: GatewayMemory
  let door: PartnerDoor

  public init(session: LedgerSession, gateway: PaymentGateway, policy: ChargePolicy) {
    self.init(
      session: session, gateway: gateway, policy: policy, logger: Logger(label: "charger"),
      health: ServiceHealth())
  }

  package init(
    session: LedgerSession, gateway: PaymentGateway, policy: ChargePolicy, logger: Logger,
    health: ServiceHealth
  ) {
    self.session = session
    self.memory = GatewayMemory(
      gateway: gateway, store: session.store, clock: session.clock, health: health)
    self.door = PartnerDoor(to: .gateway, session, logger, health)
    self.caller = GatewayCaller(gateway: gateway, session: session, policy: policy, door: door)
    self.policy = policy
  }

  /// An attempt settled here may have been an earlier one: then the message is decided again.
  static let roundLimit = 8

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    do {
      return try await charge(jobs, try await terms(charging: jobs.periods))
    } catch let error as StoreError {
      await memory.doubt()
      throw error
    }
  }

  /// Nothing is asked while charging pauses anyway.
  private func terms(charging periods: Set<Period>) async throws -> ChargeTerms {
    if door.isClosed {
      return ChargeTerms(held: Fault(.gatewayUnlisted, "the gateway's charges were not compared"))
    }
    let terms = try await memory.terms(charging: periods)
    if let held = terms.held { door.unlisted(held) }
    return terms
  }

  private func charge(_ jobs: [Job], _ terms: ChargeTerms) async throws -> [Outcome] {
    var outcomes = [Outcome?](repeating: nil, count: jobs.count)
    var earlierEvents = [[StoredEvent]](repeating: [], count: jobs.count)
    var turns = jobs.indices.map { Turn(index: $0, job: jobs[$0]) }
    for _ in 0..<Self.roundLimit where !turns.isEmpty {
      var calls: [(turn: Turn, call: GatewayCall)] = []
      var lookups: [Turn] = []
      var again: [Turn] = []
      for (turn, step) in zip(turns, try await decide(turns, terms)) {
        switch step {
        case .end(let outcome): outcomes[turn.index] = outcome
        case .call(let call): calls.append((turn, call))
        case .look: lookups.append(turn)
        case .again: again.append(turn)
        }
      }
      for (turn, outcome) in zip(lookups, try await look(lookups.map(\.job))) {
        outcomes[turn.index] = outcome
        if outcome == nil { again.append(Turn(index: turn.index, job: turn.job, hasLooked: true)) }
      }
      let answers = await caller.answers(to: calls.map(\.call), keepsKeys: terms.keepsKeys)
      for (call, end) in zip(calls, try await record(answers)) {
        switch end {
        case .outcome(let outcome): outcomes[call.turn.index] = door.waiting(outcome)
        case .notMade: outcomes[call.turn.index] = door.putOff()
        case .again(let events):
          earlierEvents[call.turn.index] += events
          again.append(call.turn)
        }
      }
      turns = again
    }
    door.say(
      waiting: zip(jobs, outcomes).filter { $1?.isPutOff == true }.map(\.0.event.id))
    return zip(outcomes, earlierEvents).map { outcome, events in
      (outcome ?? .later(Self.unsettled)).with(events)
    }
  }

  private static let unsettled = Fault(
    .chargeUnsettled, "attempts on this invoice keep coming up unsettled")

  /// A message on its way through the rounds.
  struct Turn: Sendable {
    var index: Int
    var job: Job
    /// The gateway was asked what it has charged for the invoice.
    var hasLooked = false
  }

  private enum Step: Sendable {
    case end(Outcome)
    case call(GatewayCall)
    /// Ask the gateway what it has charged for this invoice, then decide again.
    case look
    case again
  }

  public func maintain() async throws -> [StoredEvent] {
    door.forgetOldPause()
    return []
  }

  /// A declined card is tried again, or a pending attempt is looked up.
  public func announceDue(_ work: DueWork, _ facts: AccountFacts) throws -> OutgoingEvent {
    try work.announcement(facts, from: session) {
      $0.charge = .init(attempt: work.attempt, amount: facts.invoice?.openMinor ?? 0)
    }
  }

  // MARK: 1. Decide, and commit the intent before the first byte is sent

  private func decide(_ turns: [Turn], _ terms: ChargeTerms) async throws -> [Step] {
    var round = door.round
    let due = try await DueProof(turns.map(\.job), by: .charger, in: session.store)
    return try await session.decideAndCommit(
      turns, about: \.job.key, alongside: takenOver
    ) { turn, facts, taken in
      let job = turn.job
      let found = taken[job.key.invoice ?? ""] ?? []
      guard let situation = ChargeSituation(job, facts, due, found: found) else {
        return .end(.end(job.unexpected))
      }
      let decided = DecisionTable.charger.decide(situation)
      let plan = ChargePlan(
        session: session, job: job, decided: decided, target: situation.attempt, found: found)
      guard let facts else { return .end(.end(plan.behind)) }
      switch decided.action {
      case .wait: return .end(.end(plan.behind))
      case .park: return try plan.park(facts).map(Step.end)
      case .refuse: return .end(.end(.dead(Fault(notDue: job, decided.rule))))
      case .nothing: return try plan.chargeNothing(facts).map(Step.end)
      case .settle(let attempt):
        if let wait = round.wait() { return .end(.end(wait)) }
        return .end(.call(GatewayCall(job: job, attempt: attempt, facts: facts, isFresh: false)))
      case .takeOver(let charge):
        let takeOver = ChargeTakeOver(
          session: session, job: job, decided: decided, charge: charge, facts: facts)
        return try takeOver.plan().map { $0.map(Step.end) ?? .again }
      case .charge(let amountMinor, let leaving):
        if let held = terms.held { return .end(.end(round.wait() ?? .hold(held))) }
        let isFirst = facts.attempts.isEmpty && !terms.looksAlways
        if !isFirst && !turn.hasLooked { return .end(.look) }
        if let wait = round.wait() { return .end(.end(wait)) }
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
    if answers.isEmpty { return [] }
    try await memory.noteKeys()
    let twice = Dictionary(grouping: answers.compactMap(\.payment), by: \.id)
      .compactMapValues { $0.count > 1 ? $0[0].invoice : nil }
    let ends = try await session.decideAndCommit(
      answers, about: \.call.job.key,
      alongside: { answers, _ in
        try await session.store.counted(answers.compactMap(\.payment?.id))
      },
      plan: { (result, facts, counted) -> LedgerSession.Plan<ChargeEnd> in
        guard let facts else {
          let fault = Fault(.behind, "the account is no longer in the ledger")
          return .end(.outcome(.later(fault)))
        }
        let countedFor = result.payment.flatMap { counted[$0.id] ?? twice[$0.id] }
        return try ChargeResult(
          session: session, policy: policy, result: result, facts: facts, countedFor: countedFor
        ).plan()
      })
    await remember(zip(answers, ends))
    return ends
  }

  /// The last posted charge, by which the ledger is recognised.
  private func remember(_ ends: Zip2Sequence<[GatewayResult], [ChargeEnd]>) async {
    for (result, end) in ends.reversed() {
      guard case .outcome(.done) = end, let payment = result.payment else { continue }
      await memory.charged(
        ChargeName(
          charge: payment.id, payment: payment.id, invoice: payment.invoice,
          attempt: result.call.attempt.number))
      return
    }
  }
}

private struct ProvedPayment {
  var id: String
  var invoice: String
}

extension GatewayResult {
  /// The payment that proves it, and for which invoice.
  fileprivate var payment: ProvedPayment? {
    guard case .gateway(.succeeded(let id)) = answer else { return nil }
    return ProvedPayment(id: id, invoice: call.attempt.invoice)
  }
}

extension [Job] {
  /// Of the invoices they are about.
  fileprivate var periods: Set<Period> {
    reduce(into: []) { periods, job in
      let invoice = job.event.data.snapshot?.invoice?.id
      if let period = invoice.flatMap(Period.init(ofInvoice:)) { periods.insert(period) }
    }
  }
}

/// 2. Before another attempt: what has the gateway already charged for the invoice, whoever did it?
/// The findings are recorded for the next decision. Returns an outcome if they could not be had.
extension Charger {
  func takenOver(
    _ turns: [Turn], _ facts: [AccountFacts?]
  ) async throws -> [String: [FoundCharge]] {
    try await session.store.takenOver(of: turns.compactMap(\.job.key.invoice))
  }

  /// Before another attempt: what has the gateway already charged for the invoice, whoever did it?
  /// The findings are recorded for the next decision. An outcome if they could not be had: the
  /// question changed nothing, and is asked again once the gateway is back.
  func look(_ jobs: [Job]) async throws -> [Outcome?] {
    if jobs.isEmpty { return [] }
    if door.isClosed { return jobs.map { _ in door.putOff() } }
    let payments = await caller.payments(of: jobs.map { $0.key.invoice ?? "" })
    let now = session.clock.now()
    var changes: [Change] = []
    let outcomes = payments.map { payments -> Outcome? in
      switch payments {
      case .unanswered(let answer): return outcome(of: answer)
      case .made(let charges):
        changes += charges.compactMap { charge in
          GatewayChargeRecord(
            charge, .takenOver, by: session.service.rawValue,
            reason: "found before another attempt was made"
          )?.change(by: session.service, nil, schedules: false, at: now)
        }
        return nil
      }
    }
    if !changes.isEmpty { _ = try await session.commit(changes) }
    return outcomes
  }

  private func outcome(of answer: GatewayAnswer) -> Outcome {
    switch answer {
    case .unauthorized(let why), .untrusted(let why):
      door.away(Fault(.gatewayUnauthorized, why))
      return door.putOff()
    case .unreachable(let why):
      door.away(Fault(.gatewayUnreachable, why))
      return door.putOff()
    case .unknown(let why):
      return door.waiting(.later(Fault(.gatewayUnknown, "the amount charged is unknown: \(why)")))
    default: return door.waiting(.later(Fault(.gatewayUnknown, "the amount charged is unknown")))
    }
  }
}
