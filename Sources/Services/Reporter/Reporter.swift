import Billing
import Ledger

/// Ends a close once every account of it is finished.
public struct Reporter: MessageHandler {
  let session: LedgerSession

  public init(session: LedgerSession) { self.session = session }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    let now = session.clock.now()
    let changes = jobs.map { note($0, at: now) }
    var outcomes: [Outcome] = []
    for outcome in try await session.commit(changes) {
      switch outcome {
      case .committed(let events), .alreadyDone(let events): outcomes.append(.done(events))
      case .stale(let reason):
        outcomes.append(.later(Fault(.handlerFailed, "the ledger refused to record it: \(reason)")))
      }
    }
    let ending = try await endings(of: Set(jobs.compactMap(\.event.period)))
    if !ending.isEmpty { outcomes[0] = outcomes[0].with(ending) }
    return outcomes
  }

  /// Called once a second.
  public func maintain() async throws -> [StoredEvent] {
    let running = try await session.store.runs().filter { $0.state == .running }
    return try await endings(of: Set(running.map(\.period)))
  }

  private func note(_ job: Job, at now: Instant) -> Change {
    let decided = DecisionTable.reporter.decide(
      ReportSituation(type: job.type, mail: job.event.data.mail?.kind))
    var change = Change(
      service: .reporter, messageID: job.event.id, account: job.event.subject,
      decision: DecisionRecord(
        rule: decided.rule, finding: decided.finding, explanation: "",
        believed: job.event.data.snapshot),
      at: now)
    if let account = job.event.subject, let period = job.event.period,
      let milestone = decided.action.milestone
    {
      change.writes = [.progress(account: account, period: period, reached: milestone, end: nil)]
    }
    return change
  }

  // MARK: The end of a close

  /// The close ends when every expected account is finished; the ledger refuses it earlier.
  private func endings(of periods: Set<Period>) async throws -> [StoredEvent] {
    var events: [StoredEvent] = []
    for period in periods.sorted() {
      guard let run = try await session.store.run(period), run.state == .running else { continue }
      guard try await session.store.isFinished(period) else { continue }
      // Counted and refused by one number, because others may be added meanwhile.
      guard let progress = try await session.store.progress(period),
        progress.finished == progress.run.expected
      else { continue }
      let change = try completion(of: period, progress)
      guard case .committed(let completed) = try await session.commit([change])[0] else { continue }
      session.crashPoint(.closeEnded)
      events += completed
    }
    return events
  }

  private func completion(of period: Period, _ progress: Progress) throws -> Change {
    let now = session.clock.now()
    var ends: [String: Int] = [:]
    for (end, count) in progress.ends { ends[end.rawValue] = count }
    let event = Event(
      id: Event.id(.closeCompleted, "\(period)"), type: .closeCompleted, source: session.source,
      time: now, period: period, data: EventData(period: period, ends: ends))
    return Change(
      service: .reporter, messageID: "close:\(period)",
      decision: DecisionRecord(
        rule: "report.complete", finding: .same,
        explanation: "every expected account is finished"),
      writes: [.closeRun(period, expected: progress.run.expected)],
      events: [try event.traced(after: nil).outgoing()], at: now)
  }
}

extension ReportAction {
  /// What this adds to the set; a step that will not come counts as reached.
  var milestone: Milestone? {
    switch self {
    case .invoiced: .invoiced
    case .settled: .settled
    case .settledSilently: .settledSilently
    case .invoiceMailed: .invoiceMailed
    case .outcomeMailed: .outcomeMailed
    case .parked: .all
    case .noted: nil
    }
  }
}
