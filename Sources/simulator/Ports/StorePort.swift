import Billing
import Ledger

/// The ledger as one process sees it: the real SQLite store, reached over ways that can be slow or
/// blocked. Every commit is seen by the witness at the moment it is made.
struct StorePort: Store {
  let process: SimulatedProcess

  var inner: any Store { process.simulation.store }
  var simulation: Simulation { process.simulation }
  private var faults: Faults { simulation.faults }

  /// The way to the ledger and back. `about`: the accounts that are read.
  func read<Value>(
    about accounts: [String] = [], _ body: () async throws -> Value
  ) async throws -> Value {
    try await approach()
    let value = try await body()
    let before = accounts.map { simulation.witness.moves[$0] }
    if faults.strikes(.storeSlow) { await pause(1...2000) }
    if before != accounts.map({ simulation.witness.moves[$0] }) { faults.hit(.staleRead) }
    try await process.step()
    return value
  }

  func write<Value>(_ body: () async throws -> Value) async throws -> Value {
    try await approach()
    if faults.strikes(.storeFull) {
      process.note("finds the store full")
      throw StoreError.full("the simulated disk")
    }
    let value = try await body()
    await Task.yield()
    try await process.step()
    return value
  }

  private func approach() async throws {
    try await process.step()
    await Task.yield()
    if faults.strikes(.storeSlow) { await pause(1...2000) }
    try await process.step()
  }

  private func pause(_ range: ClosedRange<Int>) async {
    await simulation.timeline.sleep(milliseconds: Int64(simulation.draw(range)))
  }

  // MARK: Change

  func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome] {
    let accounts = changes.filter { $0.expectedPosition != nil }.compactMap(\.account)
    if !accounts.isEmpty, process.service != .closectl, faults.strikes(.meantime) {
      await simulation.receive(.meantime, from: simulation.pick(accounts))
    }
    return try await write {
      let outcomes = try await commitSeen(changes, published)
      let told = outcomes.filter { $0.isCommitted }.count
      if !changes.isEmpty {
        process.note(
          "commits \(told) of \(changes.count): "
            + changes.map(\.messageID).joined(separator: ", "))
        if process.service == .closectl, faults.strikes(.commandKilled) {
          process.crash("after its commit")
        }
      }
      return outcomes
    }
  }

  private func commitSeen(
    _ changes: [Change], _ published: [Int64]
  ) async throws -> [CommitOutcome] {
    let changes = simulation.sabotage.applied(to: changes)
    let outcomes = try await inner.commit(changes, published: published)
    for (change, outcome) in zip(changes, outcomes) where outcome.isCommitted {
      simulation.witness.saw(change)
    }
    return outcomes
  }

  func openRun(
    _ request: RunRequest, decide: @escaping @Sendable (StartFacts) throws -> StartDecision,
    announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> OpenedRun {
    let decide = simulation.sabotage.applied(to: decide, request.period)
    return try await write {
      let opened = try await inner.openRun(request, decide: decide, announce: announce)
      process.note("\(opened.decision.rule): the close of \(request.period)")
      try await simulation.checkGrowth(opened)
      return opened
    }
  }

  func takeIn(
    _ request: RunRequest, range: Int?,
    announce: @escaping @Sendable (CloseRun, RangeAgain) throws -> OutgoingEvent
  ) async throws -> TakenIn {
    try await write {
      let taken = try await inner.takeIn(request, range: range, announce: announce)
      if taken.accounts > 0 { process.note("takes in \(taken.accounts) of \(request.period)") }
      return taken
    }
  }

  func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    try await write {
      let events = try await inner.takeDue(by: service, at: now, limit: limit, announce: announce)
      if !events.isEmpty {
        process.note("takes due \(events.map(\.event.id).joined(separator: ", "))")
      }
      return events
    }
  }
}

extension CommitOutcome {
  var isCommitted: Bool {
    if case .committed = self { true } else { false }
  }
}
