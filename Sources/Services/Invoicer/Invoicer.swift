import Billing
import Ledger

/// Opens a close and invoices its accounts, range by range.
public struct Invoicer: MessageHandler {
  let session: LedgerSession
  let rangeSize: Int
  let monthsBack: Int

  public init(
    session: LedgerSession, rangeSize: Int, monthsBack: Int = StartSituation.usualMonthsBack
  ) {
    self.session = session
    self.rangeSize = rangeSize
    self.monthsBack = monthsBack
  }

  public func work(_ jobs: [Job]) async throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for job in jobs {
      switch job.type {
      case .closeRequested: outcomes.append(try await open(job))
      case .closeRange: outcomes.append(try await invoiceRange(job))
      default: outcomes.append(job.unexpected)
      }
    }
    return outcomes
  }

  // MARK: The trigger

  /// Fixes the expected set and divides it into ranges, unless the month cannot be intended. A
  /// second trigger finds the run, adds accounts imported later while it is running, and publishes
  /// again what is unfinished; nobody is invoiced twice.
  private func open(_ job: Job) async throws -> Outcome {
    guard let period = job.event.data.period else { return job.unexpected }
    let now = session.clock.now()
    let request = RunRequest(
      period: period, messageID: job.event.id, source: job.event.source, rangeSize: rangeSize,
      at: now)
    let permission = StartPermission(job.event)
    let opened = try await session.store.openRun(
      request,
      decide: { [monthsBack] facts in
        try StartSituation(period, at: now, permission, monthsBack: monthsBack, facts).decide()
      }, announce: { try announce($0, causedBy: job.event, at: now) })
    if opened.decision.action == .wait {
      return .later(Fault(.behind, opened.decision.explanation))
    }
    if opened.run != nil { session.crashPoint(.closeOpened) }
    let isLater = [.resume, .takeIn].contains(opened.decision.action)
    let taken = isLater ? try await takeIn(period, range: nil, for: job) : TakenIn()
    _ = try await session.commit([answer(job, opened, taken, at: now)])
    guard case .refuse(let refusal) = opened.decision.action else {
      return .done(opened.events + taken.events)
    }
    return .dead(Fault(refusal, opened.decision))
  }

  /// Under a separate id: the same trigger is not considered "answered" but checks the run again,
  /// and a refused one is judged again whenever it comes back.
  private func answer(
    _ job: Job, _ opened: OpenedRun, _ taken: TakenIn, at now: Instant
  ) -> Change {
    let decision = opened.decision
    var text = "\(decision.explanation); not closed"
    var suffix = "#refused-\(now)"
    if let run = opened.run {
      suffix = "#opened"
      text = "close of \(run.period) was already started; it is \(run.state.rawValue)"
      if let growth = opened.growth, decision.action == .takeIn {
        // Each of them is published, and ends like an answer that older audits know.
        suffix = "#taken-in-\(run.ranges)#opened"
        text += "; \(growth.sentence)"
      }
      if decision.action == .start {
        text = "close of \(run.period) started: \(run.expected) accounts in \(run.ranges) ranges"
      }
      if decision.isException { text += "; \(decision.explanation)" }
    }
    if taken.accounts > 0 {
      text += "; accounts parked for lack of a catalog and added again: \(taken.accounts)"
      suffix += "-\(now)"
    }
    return Change(
      service: .invoicer, messageID: job.event.id + suffix,
      decision: DecisionRecord(
        rule: decision.rule, finding: decision.finding, explanation: text), at: now)
  }

  private func announce(
    _ growth: RunGrowth, causedBy cause: Event, at now: Instant
  ) throws -> [OutgoingEvent] {
    let run = growth.run
    var events = [try started(growth, causedBy: cause, at: now)]
    for number in growth.ranges {
      events.append(try rangeEvent(number, of: run, id: "\(number)", causedBy: cause, at: now))
    }
    return events
  }

  func rangeEvent(
    _ number: Int, of run: CloseRun, id: String, causedBy cause: Event, at now: Instant
  ) throws -> OutgoingEvent {
    let event = Event(
      id: Event.id(.closeRange, "\(run.period):\(id)"), type: .closeRange,
      source: session.source, time: now, period: run.period, causationID: cause.id,
      data: EventData(period: run.period, range: .init(number: number, of: run.ranges)))
    return try event.traced(after: cause).outgoing()
  }

  /// The set was fixed, or fixed anew: with the first of its new ranges in the id, the current
  /// number of accounts, and how many of them came late.
  private func started(
    _ growth: RunGrowth, causedBy cause: Event, at now: Instant
  ) throws -> OutgoingEvent {
    let run = growth.run
    var about = "\(run.period)"
    var ends = ["expected": run.expected]
    if !growth.isFirst {
      about += ":\(growth.ranges.lowerBound)"
      ends["late"] = growth.accounts
    }
    let event = Event(
      id: Event.id(.closeStarted, about), type: .closeStarted, source: session.source,
      time: now, period: run.period, causationID: cause.id,
      data: EventData(period: run.period, ends: ends))
    return try event.traced(after: cause).outgoing()
  }

  // MARK: A range

  private func invoiceRange(_ job: Job) async throws -> Outcome {
    guard let period = job.event.data.period, let range = job.event.data.range else {
      return job.unexpected
    }
    guard let run = try await session.store.run(period) else {
      return .later(Fault(.behind, "the close of \(period) is not in the ledger yet"))
    }
    guard (0..<run.ranges).contains(range.number) else {
      let found = "data.range.number: expected 0 to \(run.ranges - 1), found \(range.number)"
      return .dead(Fault(.contradiction, found))
    }
    let catalogs = try await session.store.catalogs(for: period)
    let accounts = try await session.store.uninvoiced(period: period, range: range.number)
    let plan = InvoicePlan(session: session, job: job, period: period, catalogs: catalogs)
    var events: [StoredEvent] = []
    var open = accounts
    for _ in 0..<LedgerSession.roundLimit where !open.isEmpty {
      let (newEvents, stale) = try await invoice(open, plan)
      events += newEvents
      open = stale
    }
    guard open.isEmpty else { throw ContentionError(items: open.count) }
    session.crashPoint(.rangeInvoiced)
    events += try await takeIn(period, range: range.number, for: job).events
    let record = DecisionRecord(
      rule: "invoice.range", finding: accounts.isEmpty ? .alreadyDone : .same,
      explanation: "range \(range.number) of \(run.ranges): \(accounts.count) accounts")
    let change = Change(
      service: .invoicer, messageID: job.event.id, decision: record,
      writes: [.rangeDone(period: period, number: range.number)], at: session.clock.now())
    _ = try await session.commit([change])
    return .done(events)
  }

  private func invoice(
    _ accounts: [String], _ plan: InvoicePlan
  ) async throws -> (newEvents: [StoredEvent], stale: [String]) {
    let facts = try await session.store.invoicingFacts(
      accounts, period: plan.period, eventMetrics: plan.eventMetrics)
    let rated = facts.map(plan.rate)
    var changes: [Change] = []
    for (account, rated) in zip(facts, rated) {
      let older =
        plan.paysOlderInvoices(account.facts, rated)
        ? try await session.store.openInvoices(of: account.facts.account.id) : []
      changes.append(try plan.change(for: account, rated: rated, older: older))
    }
    var newEvents: [StoredEvent] = []
    var stale: [String] = []
    for (change, outcome) in zip(changes, try await session.commit(changes)) {
      switch outcome {
      case .committed(let events), .alreadyDone(let events): newEvents += events
      case .stale: if let account = change.account { stale.append(account) }
      }
    }
    return (newEvents, stale)
  }
}

extension StartPermission {
  public init(_ trigger: Event) {
    self.init(
      isEarly: trigger.data.early == true, isPast: trigger.data.past == true,
      isLate: trigger.data.late == true)
  }
}

extension Fault {
  /// For the sender of the trigger: the reason, and how to confirm that it is intended.
  init(_ refusal: StartRefusal, _ decision: StartDecision) {
    let remedy =
      switch (refusal, decision.rule) {
      case (_, "close.not-begun"): ""
      case (.notOver, _): #"; a trigger with "early": true in its data closes it anyway"#
      case (.tooOld, _): #"; a trigger with "past": true in its data closes it anyway"#
      case (.noAccounts, _): "; import accounts, then send the trigger again"
      }
    self.init(refusal.fault, decision.explanation + remedy)
  }
}

extension StartRefusal {
  fileprivate var fault: FaultReason {
    switch self {
    case .notOver: .periodNotOver
    case .tooOld: .periodTooOld
    case .noAccounts: .noAccounts
    }
  }
}

/// Accounts that were parked because the close had no catalog in their currency, and that another
/// trigger adds again once there is one.
///
/// The trigger adds the catalog in one transaction and looks for accounts in the next. A range that
/// was processed without the catalog meanwhile does its own check once its accounts are committed.
/// So one of the two finds every account, whichever comes first and whichever is killed.
extension Invoicer {
  /// `range`: `nil` for all.
  func takeIn(
    _ period: Period, range number: Int?, for job: Job
  ) async throws -> TakenIn {
    let cause = job.event
    let now = session.clock.now()
    let request = RunRequest(
      period: period, messageID: cause.id, source: cause.source, rangeSize: rangeSize, at: now)
    let taken = try await session.store.takeIn(request, range: number) { run, again in
      try rangeEvent(
        again.number, of: run, id: "\(again.number):\(again.attempt)", causedBy: cause, at: now)
    }
    if taken.accounts > 0 { session.crashPoint(.closeOpened) }
    return taken
  }
}
