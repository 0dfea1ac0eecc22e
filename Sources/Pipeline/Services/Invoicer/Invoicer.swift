import Billing
import Ledger

/// Opens a close and invoices its accounts, range by range.
public struct Invoicer: Sendable {
  let desk: Desk
  let rangeSize: Int

  public init(desk: Desk, rangeSize: Int) {
    self.desk = desk
    self.rangeSize = rangeSize
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

  /// Fixes the expected set and cuts it into ranges. A second trigger finds the run and publishes
  /// again what is not finished of it; nobody is invoiced twice.
  private func open(_ job: Job) async throws -> Outcome {
    guard let period = job.event.data.period else { return job.unexpected }
    if try await desk.store.currentCatalogs().isEmpty {
      return .later(Fault(.behind, "there is no catalog yet: closectl import catalog FILE"))
    }
    let now = desk.clock.now()
    let request = RunRequest(
      period: period, messageID: job.event.id, rangeSize: rangeSize, at: now)
    let (run, created, events) = try await desk.store.openRun(request) { run in
      try announce(run, causedBy: job.event, at: now)
    }
    desk.reached(.closeOpened)
    let text =
      created
      ? "close of \(period) started: \(run.expected) accounts in \(run.ranges) ranges"
      : "close of \(period) was started before; it is \(run.state.rawValue)"
    let record = DecisionRecord(
      rule: created ? "close.start" : "close.exists", finding: created ? .same : .alreadyDone,
      explanation: text)
    // Under an id of its own: the same trigger again is not "answered" but looks at the run again.
    let change = Change(
      service: .invoicer, messageID: "\(job.event.id)#opened", decision: record, at: now)
    _ = try await desk.commit([change])
    return .done(events)
  }

  private func announce(
    _ run: CloseRun, causedBy cause: Event, at now: Instant
  ) throws -> [OutgoingEvent] {
    var events: [OutgoingEvent] = []
    let started = Event(
      id: Event.id(.closeStarted, "\(run.period)"), type: .closeStarted, source: desk.source,
      time: now, period: run.period, causationID: cause.id,
      data: EventData(period: run.period, ends: ["expected": run.expected]))
    events.append(try started.traced(after: cause).outgoing())
    for number in 0..<run.ranges {
      let event = Event(
        id: Event.id(.closeRange, "\(run.period):\(number)"), type: .closeRange,
        source: desk.source, time: now, period: run.period, causationID: cause.id,
        data: EventData(period: run.period, range: .init(number: number, of: run.ranges)))
      events.append(try event.traced(after: cause).outgoing())
    }
    return events
  }

  // MARK: A range

  private func invoiceRange(_ job: Job) async throws -> Outcome {
    guard let period = job.event.data.period, let range = job.event.data.range else {
      return job.unexpected
    }
    guard let run = try await desk.store.run(period) else {
      return .later(Fault(.behind, "the close of \(period) is not in the ledger yet"))
    }
    guard (0..<run.ranges).contains(range.number) else {
      let found = "data.range.number: expected 0 to \(run.ranges - 1), found \(range.number)"
      return .dead(Fault(.contradiction, found))
    }
    let catalogs = try await desk.store.catalogs(for: period)
    let accounts = try await desk.store.uninvoiced(period: period, range: range.number)
    let plan = InvoicePlan(desk: desk, job: job, period: period, catalogs: catalogs)
    var events: [StoredEvent] = []
    var open = accounts
    for _ in 0..<Desk.roundLimit where !open.isEmpty {
      let (made, stale) = try await invoice(open, plan)
      events += made
      open = stale
    }
    guard open.isEmpty else { throw ContentionError(items: open.count) }
    desk.reached(.rangeInvoiced)
    let record = DecisionRecord(
      rule: "invoice.range", finding: accounts.isEmpty ? .alreadyDone : .same,
      explanation: "range \(range.number) of \(run.ranges): \(accounts.count) accounts")
    let change = Change(
      service: .invoicer, messageID: job.event.id, decision: record,
      writes: [.rangeDone(period: period, number: range.number)], at: desk.clock.now())
    _ = try await desk.commit([change])
    return .done(events)
  }

  private func invoice(
    _ accounts: [String], _ plan: InvoicePlan
  ) async throws -> (made: [StoredEvent], stale: [String]) {
    let facts = try await desk.store.invoicingFacts(
      accounts, period: plan.period, eventMetrics: plan.eventMetrics)
    let changes = try facts.map { try plan.change(for: $0) }
    var made: [StoredEvent] = []
    var stale: [String] = []
    for (change, outcome) in zip(changes, try await desk.commit(changes)) {
      switch outcome {
      case .committed(let events), .alreadyDone(let events): made += events
      case .stale: if let account = change.account { stale.append(account) }
      }
    }
    return (made, stale)
  }
}
