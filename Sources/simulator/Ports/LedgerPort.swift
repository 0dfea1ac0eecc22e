import Billing
import Ledger

/// The way of one process to its ledger, which is the real SQLite store: it can be slow or blocked.
/// Every commit is seen by the witness at the moment it is made.
struct LedgerPort: LedgerProbe {
  let process: SimulatedProcess

  private var simulation: Simulation { process.simulation }
  private var faults: Faults { simulation.faults }

  /// The way to the ledger and back.
  func reading<Value>(
    about accounts: [String], _ call: () async throws -> Value
  ) async throws -> Value {
    try await approach()
    let value = try await call()
    let before = accounts.map { simulation.witness.moves[$0] }
    if faults.strikes(.storeSlow) { await pause(1...2000) }
    if before != accounts.map({ simulation.witness.moves[$0] }) { faults.hit(.staleRead) }
    try await process.step()
    return value
  }

  func writing<Value>(_ call: () async throws -> Value) async throws -> Value {
    try await approach()
    if faults.strikes(.storeFull) {
      process.note("finds the store full")
      throw StoreError.full("the simulated disk")
    }
    let value = try await call()
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

  // MARK: What is committed

  func committing(
    _ changes: [Change], _ call: ([Change]) async throws -> [CommitOutcome]
  ) async throws -> [CommitOutcome] {
    let accounts = changes.filter { $0.expectedPosition != nil }.compactMap(\.account)
    if !accounts.isEmpty, process.service != .closectl, faults.strikes(.meantime) {
      await simulation.receive(.meantime, from: simulation.pick(accounts))
    }
    return try await writing {
      let outcomes = try await seen(changes, call)
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

  private func seen(
    _ changes: [Change], _ call: ([Change]) async throws -> [CommitOutcome]
  ) async throws -> [CommitOutcome] {
    let changes = simulation.sabotage.applied(to: changes)
    let outcomes = try await call(changes)
    for (change, outcome) in zip(changes, outcomes) where outcome.isCommitted {
      simulation.witness.saw(change)
    }
    return outcomes
  }

  func opening(
    _ request: RunRequest, _ decide: @escaping StartJudge,
    _ call: (@escaping StartJudge) async throws -> OpenedRun
  ) async throws -> OpenedRun {
    let decide = simulation.sabotage.applied(to: decide, request.period)
    return try await writing {
      let opened = try await call(decide)
      process.note("\(opened.decision.rule): the close of \(request.period)")
      try await simulation.checkGrowth(opened)
      return opened
    }
  }

  func takingIn(_ request: RunRequest, _ call: () async throws -> TakenIn) async throws -> TakenIn {
    try await writing {
      let taken = try await call()
      if taken.accounts > 0 { process.note("takes in \(taken.accounts) of \(request.period)") }
      return taken
    }
  }

  func takingDue(_ call: () async throws -> [StoredEvent]) async throws -> [StoredEvent] {
    try await writing {
      let events = try await call()
      if !events.isEmpty {
        process.note("takes due \(events.map(\.event.id).joined(separator: ", "))")
      }
      return events
    }
  }

  func recognising(
    _ messages: [ReceivedMessage], by service: ServiceName,
    _ call: () async throws -> [Recognition]
  ) async throws -> [Recognition] {
    let found = try await reading(about: [], call)
    return try await simulation.sabotage.applied(
      to: found, of: messages, by: service, simulation.store)
  }
}

extension CommitOutcome {
  var isCommitted: Bool {
    if case .committed = self { true } else { false }
  }
}
