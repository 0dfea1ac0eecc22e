import Billing

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
