import Billing

public struct RunRequest: Sendable {
  public var period: Period
  public var messageID: String
  /// What the trigger says it comes from.
  public var source: String
  public var rangeSize: Int
  public var at: Instant

  public init(
    period: Period, messageID: String, source: String = "/closectl", rangeSize: Int, at: Instant
  ) {
    self.period = period
    self.messageID = messageID
    self.source = source
    self.rangeSize = rangeSize
    self.at = at
  }
}

/// Whether a period may be closed, by the facts of the moment.
public typealias StartJudge = @Sendable (StartFacts) throws -> StartDecision

/// Accounts that a trigger entered into a close, in ranges of their own: all there were when it was
/// opened, those that came later afterwards.
public struct RunGrowth: Sendable, Equatable {
  /// As it is now.
  public var run: CloseRun
  public var ranges: Range<Int>
  public var accounts: Int
  /// It was opened with them.
  public var isFirst: Bool

  public init(run: CloseRun, ranges: Range<Int>, accounts: Int, isFirst: Bool) {
    self.run = run
    self.ranges = ranges
    self.accounts = accounts
    self.isFirst = isFirst
  }

  /// `2 accounts that came later were taken in`
  public var sentence: String {
    accounts == 1
      ? "1 account that came later was added"
      : "\(accounts) accounts that came later were added"
  }
}

/// What became of a trigger.
public struct OpenedRun: Sendable {
  public var decision: StartDecision
  /// `nil` if there is none and none was started.
  public var run: CloseRun?
  /// The accounts this trigger entered, if any.
  public var growth: RunGrowth?
  /// To be published next.
  public var events: [StoredEvent]

  public init(
    decision: StartDecision, run: CloseRun?, growth: RunGrowth? = nil, events: [StoredEvent]
  ) {
    self.decision = decision
    self.run = run
    self.growth = growth
    self.events = events
  }
}

extension LedgerStore {
  /// Asks `decide` whether the period may be closed. If so, fixes its expected set (the accounts
  /// that belong to it), divides it into ranges and records the events that `announce` makes of the
  /// run (those of the ranges in their order), all in one transaction. If the run exists, events of
  /// its unfinished ranges count as unpublished again; while it is running, catalogs are added for
  /// currencies in which it has none, and accounts imported later are added behind the others, in
  /// new ranges, which are announced. Refusals, starts by exception and additions are recorded with
  /// the trigger.
  public func openRun(
    _ request: RunRequest, decide: @escaping StartJudge,
    announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> OpenedRun {
    guard let probe else { return try await opened(request, decide, announce) }
    return try await probe.opening(request, decide) { try await opened(request, $0, announce) }
  }

  private func opened(
    _ request: RunRequest, _ decide: @escaping StartJudge,
    _ announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> OpenedRun {
    try await settlePrices(request, decide)
    return try await connections.write { database in
      let opening = RunOpening(database: database, request: request)
      if try RunRows(database).run(request.period) == nil {
        try database.expectWholeTables()
        try LaterPrices(database: database, opening: request.period).lockAccounts()
      }
      try opening.lock()
      if let resumed = try opening.resume(decide, announce: announce) { return resumed }
      let decision = try decide(StartQuery(database: database).facts(request.period))
      if decision.isRecorded { try TriggerRows(database).record(decision, request) }
      guard decision.action == .start else {
        return OpenedRun(decision: decision, run: nil, events: [])
      }
      let growth = try opening.create()
      return OpenedRun(
        decision: decision, run: growth.run, growth: growth,
        events: try opening.record(announce(growth), of: growth.ranges))
    }
  }

  /// Before a close is started: at which prices it and later ones bill what earlier months left.
  private func settlePrices(
    _ request: RunRequest, _ decide: @escaping StartJudge
  ) async throws {
    try await connections.write { database in
      let period = request.period
      try RunOpening(database: database, request: request).lock()
      guard try RunRows(database).run(period) == nil,
        try decide(StartQuery(database: database).facts(period)).action == .start
      else { return }
      try database.expectWholeTables()
      try RunCatalogs(database: database, period: period).pinEarlierMonths()
      try LaterPrices(database: database, opening: period).pin()
    }
  }
}

/// The first trigger of a close creates its run; later ones find it, and add accounts imported
/// meanwhile.
struct RunOpening {
  let database: any SQLSession
  let request: RunRequest

  /// Two triggers at once: the second one waits here and finds the first one's run.
  func lock() throws {
    if database.dialect.locksRows { try Book.lastInvoiceNumber(database) }
  }

  /// The expected set in order of id, ranges by place from 0, and the newest catalogs that price
  /// the month.
  func create() throws -> RunGrowth {
    guard request.rangeSize > 0 else {
      throw LedgerRefusal("a range cannot hold \(request.rangeSize) accounts")
    }
    var run = CloseRun(
      period: request.period, state: .running, requestedBy: request.messageID,
      startedAt: request.at, closedAt: nil, expected: 0, ranges: 0,
      rangeSize: request.rangeSize)
    try insert(run)
    let catalogs = RunCatalogs(database: database, period: run.period)
    try catalogs.pin()
    try catalogs.pinEarlierMonths()
    try LaterPrices(database: database, opening: run.period).markUnbilled()
    // Whether an account that has ended belongs to it depends on what there is to bill.
    return try grow(&run, isFirst: true)
  }

  private func insert(_ run: CloseRun) throws {
    try database.run(
      """
      INSERT INTO close_runs
        (period, state, requested_by, started_at, expected, ranges, range_size)
      VALUES (?, 'running', ?, ?, ?, ?, ?)
      """,
      [
        run.period.stored, run.requestedBy, run.startedAt.milliseconds, run.expected, run.ranges,
        run.rangeSize,
      ])
  }

  /// Remembers with each range the event that announces it: those of the type come in the ranges'
  /// order.
  func record(_ events: [OutgoingEvent], of ranges: Range<Int>) throws -> [StoredEvent] {
    var numbers = ranges.makeIterator()
    let rows = EventRows(database)
    let answer = AnswerKey(
      service: .invoicer, messageID: request.messageID, account: AnswerKey.noAccount)
    return try events.map { event in
      let stored = try rows.record(event, of: answer, at: request.at)
      if event.type == EventType.closeRange.rawValue {
        guard let number = numbers.next() else {
          throw LedgerRefusal("event \(event.id) announces no range")
        }
        try database.run(
          "UPDATE close_ranges SET event = ? WHERE period = ? AND number = ?",
          [stored.sequence, request.period.stored, number])
      }
      return stored
    }
  }

  /// The events of unfinished ranges, to be published again: a message lost outside, for whatever
  /// reason, is replaced by triggering the close once more.
  func unfinished(of run: CloseRun) throws -> [StoredEvent] {
    let events = try database.all(
      """
      SELECT \(EventColumns.sql) FROM close_ranges r JOIN outgoing_events e ON e.sequence = r.event
      WHERE r.period = ? AND r.done = 0 ORDER BY r.number
      """, [run.period.stored], EventColumns.event)
    let rows = EventRows(database)
    for event in events {
      try rows.markUnpublished(event.sequence, by: event.service, at: request.at)
    }
    try tellAgain(of: run)
    return events
  }

  /// Younger events are on their way, and need not be published twice.
  static let patienceSeconds: Int64 = 60

  /// If one of several queues was missing, the broker had nothing to return: an event was
  /// confirmed, but one of its consumers never received it. So the events of unfinished accounts
  /// are marked unpublished again; each service publishes its own, and consumers recognise the ids.
  private func tellAgain(of run: CloseRun) throws {
    try database.run(
      """
      INSERT INTO unpublished_events (sequence, service, recorded_at)
      SELECT e.sequence, e.service, e.recorded_at
      FROM close_members m
      JOIN decisions d ON d.account = m.account AND d.account <> 0
      JOIN outgoing_events e ON e.message_id = d.message_id AND e.service = d.service
        AND e.answered_for = d.account
      WHERE m.period = ?1 AND NOT (\(Milestone.isFinished))
        AND e.period = ?1 AND e.recorded_at < ?2
      ON CONFLICT DO NOTHING
      """,
      [
        run.period.stored,
        request.at.adding(seconds: -Self.patienceSeconds).milliseconds,
      ])
  }
}

extension RunOpening {
  /// Enters the accounts that belong to the close, behind those that are in it, and cuts them into
  /// ranges of their own. Those that were entered are counted, not those that a query of before
  /// has seen: an import may have been committed since.
  func grow(_ run: inout CloseRun, isFirst: Bool) throws -> RunGrowth {
    let first = run.ranges
    let entered = try Membership(database: database, period: run.period)
      .enter(from: first * run.rangeSize)
    run.expected += entered
    run.ranges += (entered + run.rangeSize - 1) / run.rangeSize
    try database.runMany(
      "INSERT INTO close_ranges (period, number) VALUES (?, ?)",
      (first..<run.ranges).map { [run.period.stored, $0] })
    try database.run(
      "UPDATE close_runs SET expected = ?, ranges = ? WHERE period = ?",
      [run.expected, run.ranges, run.period.stored])
    return RunGrowth(
      run: run, ranges: first..<run.ranges, accounts: entered, isFirst: isFirst)
  }

  /// A later trigger adds accounts imported after the start, unless the close is finished, and has
  /// unfinished work published again. Before it adds any, it reads the run under the lock that
  /// ending it also takes: either it is closed before, or it ends only with the accounts added.
  func resume(
    _ decide: (StartFacts) throws -> StartDecision, announce: (RunGrowth) throws -> [OutgoingEvent]
  ) throws -> OpenedRun? {
    let rows = RunRows(database)
    guard var run = try rows.run(request.period) else { return nil }
    // Before looking for accounts that lack a catalog: see `takeIn`.
    if run.state == .running {
      let catalogs = RunCatalogs(database: database, period: run.period)
      try catalogs.pin()
      try catalogs.pinEarlierMonths()
    }
    let late = try Membership(database: database, period: run.period).lateCount(in: run)
    let decision = try decide(StartFacts(isStarted: true, late: late))
    // Before the run is locked: batches take these rows in this order.
    let again = try unfinished(of: run)
    guard decision.action == .takeIn else {
      return OpenedRun(decision: decision, run: run, events: again)
    }
    if let locked = try rows.lockedRun(run.period) { run = locked }
    if run.state == .closed {
      let decision = try decide(StartFacts(isStarted: true))
      return OpenedRun(decision: decision, run: run, events: again)
    }
    let growth = try grow(&run, isFirst: false)
    // None is left when an import has closed them in between.
    let told = growth.accounts > 0 ? try record(announce(growth), of: growth.ranges) : []
    try TriggerRows(database).record(decision, request, growth.sentence)
    return OpenedRun(decision: decision, run: run, growth: growth, events: again + told)
  }
}
