import Billing

extension LedgerStore {
  public func openRun(
    _ request: RunRequest, announce: @escaping @Sendable (CloseRun) throws -> [OutgoingEvent]
  ) async throws -> (run: CloseRun, created: Bool, events: [StoredEvent]) {
    try await connections.write { database in
      let opening = RunOpening(database: database, request: request)
      try opening.lock()
      if let run = try RunRows(database).run(request.period) {
        return (run, false, try opening.unfinished(of: run))
      }
      let run = try opening.create()
      return (run, true, try opening.record(announce(run)))
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
      try database.first(
        "SELECT finished = expected FROM close_runs WHERE period = ?", [period.stored]
      ) { $0[0] as Bool } == true
    }
  }

  public func progress(_ period: Period) async throws -> Progress? {
    try await connections.read(.tables) {
      try ProgressQuery(database: $0, period: period).progress()
    }
  }

  public func accountIDs(after: String?, limit: Int) async throws -> [String] {
    try await connections.read { database in
      try database.all(
        "SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT ?", [after ?? "", limit]
      ) { $0[0] }
    }
  }
}
