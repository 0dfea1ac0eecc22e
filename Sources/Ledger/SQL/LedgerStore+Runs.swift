import Billing

extension LedgerStore {
  public func openRun(
    _ request: RunRequest, decide: @escaping @Sendable (StartFacts) throws -> StartDecision,
    announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
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
    _ request: RunRequest, _ decide: @escaping @Sendable (StartFacts) throws -> StartDecision
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

  public func run(_ period: Period) async throws -> CloseRun? {
    try await connections.read { try RunRows($0).run(period) }
  }

  public func runs() async throws -> [CloseRun] {
    try await connections.read { try RunRows($0).all() }
  }

  public func isFinished(_ period: Period) async throws -> Bool {
    try await connections.read { database in
      try database.flag(
        "SELECT finished = expected FROM close_runs WHERE period = ?", [period.stored])
    }
  }

  public func progress(_ period: Period) async throws -> Progress? {
    try await connections.read(.tables) {
      try ProgressQuery(database: $0, period: period).progress()
    }
  }

  public func accountIDs(after: String?, limit: Int) async throws -> [String] {
    try await connections.read { database in
      try database.texts(
        "SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT ?", [after ?? "", limit])
    }
  }
}
