import Billing
import Ledger

/// Compares ledger, gateway, mails and queues, and reports what was found for each invariant.
///
/// Services may keep working meanwhile. The sources are therefore read in the order in which their
/// data comes into being: a key is stored before its charge is made, an event is committed before
/// it is published. A difference that is legitimate while work is in progress counts as a fault
/// only when everything is quiet.
public struct Audit: Sendable {
  let sources: AuditSources
  private var ledger: LedgerStore { sources.ledger }

  public init(_ sources: AuditSources) {
    self.sources = sources
  }

  public func run(_ period: Period) async throws -> AuditReport {
    guard let run = try await ledger.run(period) else { throw AuditFault.neverStarted(period) }
    let position = try await ledger.position()
    let expected = try await DeliveryEvidence.read(period, sources)
    let queues = try await QueueEvidence.read(sources)
    let charges = try await ChargeEvidence.read(period, sources)
    let stillExpected = try await DeliveryEvidence.read(period, sources)
    let overdue = try await OverdueEvidence.read(sources)
    let hasMoved = try await ledger.position() != position
    let isIdle = queues.waiting == 0 && overdue.isAllPublished && !hasMoved
    // A message held by a service is in no countable queue, but it is still unanswered.
    let isInHand = stillExpected.contains {
      $0.unanswered.count > queues.deadLetters[$0.service, default: 0]
    }
    let isQuiet = run.state == .closed && isIdle && !isInHand

    var findings = try await bookFindings(period, position)
    findings += closeFindings(run, try await ledger.memberTally(period), isQuiet)
    findings += chargeFindings(charges, isQuiet)
    let deliveries = DeliveryEvidence.still(expected, stillExpected)
    let consumed = try await ledger.consumptionTally()
    findings += queueFindings(queues, deliveries, consumed, isIdle: isIdle)
    findings.append(AuditCheck.mail(try await MailEvidence.read(period, sources)))
    findings.append(AuditCheck.quiet(overdue, deadLetters: queues.deadLetters))
    findings += elsewhere
    let order = Invariant.allCases
    findings.sort {
      (order.firstIndex(of: $0.invariant) ?? 0) < (order.firstIndex(of: $1.invariant) ?? 0)
    }
    return AuditReport(
      period: period, state: run.state, position: position, isQuiet: isQuiet,
      findings: findings)
  }

  /// The ledger against itself.
  private func bookFindings(_ period: Period, _ position: Int64) async throws -> [AuditFinding] {
    [
      AuditCheck.balanced(try await ledger.balanceTally()),
      AuditCheck.oneInvoice(try await ledger.invoiceTally(period)),
      AuditCheck.once(try await ledger.repetitionTally()),
      AuditCheck.soundStore(try await ledger.problems()),
      AuditCheck.authority(try await ledger.authorship()),
      try await reportFinding(period),
      AuditCheck.conservation(try await ledger.conservation(period)),
      AuditCheck.replays(try await ledger.movedLetters()),
    ]
  }

  /// Report and entries at one position: if the ledger moved between the two, both are read again.
  private func reportFinding(_ period: Period) async throws -> AuditFinding {
    var position = try await ledger.position()
    while true {
      let totals = try await ledger.totals(period)
      let sums = try await ledger.entrySums(period, upTo: position)
      let now = try await ledger.position()
      if now == position { return AuditCheck.report(totals, sums) }
      position = now
    }
  }

  private func closeFindings(
    _ run: CloseRun, _ members: MemberTally, _ isQuiet: Bool
  ) -> [AuditFinding] {
    [AuditCheck.oneEnd(run, members, isQuiet: isQuiet)]
  }

  private func chargeFindings(_ evidence: ChargeEvidence, _ isQuiet: Bool) -> [AuditFinding] {
    [
      AuditCheck.oneCharge(evidence),
      AuditCheck.gatewayEqualsLedger(evidence, isQuiet: isQuiet),
      AuditCheck.attempts(evidence),
      AuditCheck.memory(evidence),
      AuditCheck.unknownSettled(evidence, isQuiet: isQuiet),
    ]
  }

  private func queueFindings(
    _ queues: QueueEvidence, _ deliveries: [DeliveryEvidence], _ consumed: ConsumptionTally,
    isIdle: Bool
  ) -> [AuditFinding] {
    guard let contents = queues.contents else {
      return [
        .notChecked(.noLoss, "needs the contents of the queues: --deep"),
        AuditCheck.noGhost(consumed),
        AuditCheck.deadLetterCounts(queues.deadLetters),
      ]
    }
    return [
      AuditCheck.noLoss(
        deliveries, contents.ids, now: sources.clock.now(), isIdle: isIdle),
      AuditCheck.noGhost(contents, consumed),
      AuditCheck.honestDeadLetters(contents.dead, retries: sources.retryDelays.count),
    ]
  }

  private var elsewhere: [AuditFinding] {
    Invariant.allCases.compactMap { invariant in
      invariant.shownElsewhere.map { .notChecked(invariant, $0) }
    }
  }
}
