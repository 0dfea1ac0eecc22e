import Billing
import Ledger
import Services

/// What each service would decide now, and how that classifies the letter.
extension DeadLetterClassifier {
  func byInvoicer(_ jobs: [Job]) async throws -> [DeadLetterClassification] {
    var classifications: [DeadLetterClassification] = []
    for job in jobs { classifications.append(try await byInvoicer(job)) }
    return classifications
  }

  private func byInvoicer(_ job: Job) async throws -> DeadLetterClassification {
    guard let period = job.event.data.period else { return .unexpected(job) }
    let run = try await store.run(period)
    switch (job.type, run) {
    case (.closeRequested, nil) where Self.isOfNobody(job):
      return DeadLetterClassification(
        .contradicts, rule: DeadLetter.reason(job.delivery.headers),
        why: "its sender may not start a close: closectl close start \(period)")
    case (.closeRequested, _):
      let situation = try StartSituation(
        period, at: clock.now(), StartPermission(job.event), monthsBack: monthsBack,
        try await store.startFacts(period))
      return DeadLetterClassification(situation.decide())
    case (.closeRange, nil):
      return DeadLetterClassification(
        .needed, rule: "invoice.range", why: "the close of \(period) is not in the ledger yet")
    case (.closeRange, let run?):
      guard let range = job.event.data.range, (0..<run.ranges).contains(range.number) else {
        return DeadLetterClassification(
          .contradicts, rule: "invoice.range", why: "the close of \(period) has no such range")
      }
      return DeadLetterClassification(
        .needed, rule: "invoice.range", why: "the range has not been invoiced")
    default: return .unexpected(job)
    }
  }

  /// A trigger that arrived over a path its sender has no right to.
  private static func isOfNobody(_ job: Job) -> Bool {
    let reasons: [FaultReason] = [.copied, .otherKey, .notCommitted]
    return reasons.map(\.rawValue).contains(DeadLetter.reason(job.delivery.headers))
  }

  /// "Nothing to charge" is also an answer the close waits for, unless a charge has given it.
  func byCharger(_ jobs: [Job]) async throws -> [DeadLetterClassification] {
    let due = try await DueProof(jobs, by: .charger, in: store)
    return zip(jobs, try await store.facts(for: jobs.map(\.key))).map { job, facts in
      guard let situation = ChargeSituation(job, facts, due) else { return .unexpected(job) }
      let decided = DecisionTable.charger.decide(situation)
      let letterClass: DeadLetterClass =
        switch decided.action {
        case .charge, .settle, .takeOver, .wait: .needed
        // Its replay makes the charger look the attempt up again.
        case .park: decided.rule == "charge.attempt-parked" ? .needed : .contradicts
        case .refuse: .contradicts
        case .nothing: facts.flatMap { ChargePlan.end(decided.rule, $0) } == nil ? .done : .needed
        }
      return DeadLetterClassification(letterClass, decided, of: .charger)
    }
  }

  /// A mail that will no longer be sent is also an answer the close waits for.
  func byMailer(_ jobs: [Job]) async throws -> [DeadLetterClassification] {
    let letters = jobs.map(MailIntent.init)
    let known = try await store.mails(letters.compactMap(\.?.key))
    let released = try await store.released(letters.compactMap { $0?.releasedInvoice })
    let facts = try await store.facts(for: jobs.map(\.key))
    return jobs.indices.map { index in
      guard let letter = letters[index] else { return .unexpected(jobs[index]) }
      let decided = DecisionTable.mailer.decide(letter.situation(facts[index], released: released))
      switch (decided.action, known[letter.key]?.state) {
      case (.park, _): return DeadLetterClassification(.contradicts, decided, of: .mailer)
      case (_, .sent), (_, .refused), (_, .suppressed):
        return DeadLetterClassification(
          .done, rule: decided.rule, why: "this mail is already finished")
      default: return DeadLetterClassification(.needed, decided, of: .mailer)
      }
    }
  }

  /// The holder publishes nothing when it does nothing, so nothing is missing.
  func byHolder(_ jobs: [Job]) async throws -> [DeadLetterClassification] {
    let holder = Holder(session: LedgerSession(service: .holder, store: store, clock: clock))
    let facts = try await store.facts(for: jobs.map(\.key))
    let holds = try await holder.holds(of: jobs, facts)
    let due = try await DueProof(jobs, by: .holder, in: store)
    return jobs.indices.map { index in
      let job = jobs[index]
      guard let snapshot = job.event.data.snapshot else { return .unexpected(job) }
      switch job.type {
      case .chargeDeclined, .chargeSkipped, .dueGrace:
        return aboutDebt(snapshot, facts[index], isDue: due.covers(job))
      case .chargeSucceeded, .paymentRecorded, .creditGranted, .creditApplied:
        let hold = facts[index].flatMap { holds[$0.account.id] }
        return aboutPayment(snapshot, hold?.facts ?? facts[index], overdue: hold?.overdue ?? 0)
      default: return .unexpected(job)
      }
    }
  }

  private func aboutDebt(
    _ snapshot: Snapshot, _ facts: AccountFacts?, isDue: Bool
  ) -> DeadLetterClassification {
    let decided = DecisionTable.holder.decide(
      HoldSituation(snapshot: snapshot, facts: facts, now: clock.now(), isDue: isDue))
    let letterClass: DeadLetterClass =
      switch decided.action {
      case .place, .waitUntil, .wait: .needed
      case .park, .refuse: .contradicts
      case .nothing: .done
      }
    return DeadLetterClassification(letterClass, decided, of: .holder)
  }

  private func aboutPayment(
    _ snapshot: Snapshot, _ facts: AccountFacts?, overdue: Int
  ) -> DeadLetterClassification {
    let decided = DecisionTable.lifter.decide(
      LiftSituation(snapshot: snapshot, facts: facts, overdue: overdue))
    let letterClass: DeadLetterClass =
      switch decided.action {
      case .lift, .wait: .needed
      case .park: .contradicts
      case .keep, .nothing: .done
      }
    return DeadLetterClassification(letterClass, decided, of: .lifter)
  }
}

extension DeadLetterClassification {
  /// A trigger that would be refused again comes back unchanged.
  fileprivate init(_ decision: StartDecision) {
    let letterClass: DeadLetterClass =
      switch decision.action {
      case .start, .takeIn, .wait: .needed
      case .resume: .done
      case .refuse: .contradicts
      }
    self.init(letterClass, rule: decision.rule, why: decision.explanation)
  }
}
