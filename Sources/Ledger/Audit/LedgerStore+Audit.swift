import Billing

extension LedgerStore {
  public func position() async throws -> Int64 {
    try await connections.read { database in
      try database.integer("SELECT max(sequence) FROM transactions") ?? 0
    }
  }

  public func balanceTally() async throws -> BalanceTally {
    try await connections.read(.tables) { try SoundnessQuery(database: $0).balance() }
  }

  public func invoiceTally(_ period: Period) async throws -> InvoiceTally {
    try await connections.read(.tables) { try SoundnessQuery(database: $0).invoices(period) }
  }

  public func repetitionTally() async throws -> RepetitionTally {
    try await connections.read(.tables) { try SoundnessQuery(database: $0).repetitions() }
  }

  public func consumptionTally() async throws -> ConsumptionTally {
    try await connections.read(.tables) { try ConsumptionQuery(database: $0).tally() }
  }

  public func unfoundedMails(_ period: Period) async throws -> Violations {
    try await connections.read(.tables) {
      try ConsumptionQuery(database: $0).unfoundedMails(period)
    }
  }

  public func authorship() async throws -> [Provenance] {
    try await connections.read(.tables) { try AuthorshipQuery(database: $0).all() }
  }

  public func auditedAttempts(_ period: Period) async throws -> [AuditedAttempt] {
    try await connections.read(.tables) { try AttemptQuery(database: $0).attempts(period) }
  }

  public func chargesWithoutAttempt() async throws -> Violations {
    try await connections.read(.tables) { try AttemptQuery(database: $0).chargesWithoutAttempt() }
  }

  public func memberTally(_ period: Period) async throws -> MemberTally {
    try await connections.read(.tables) { try MemberQuery(database: $0, period: period).tally() }
  }

  public func conservation(_ period: Period) async throws -> [ConservationTally] {
    try await connections.read(.tables) {
      try ConservationQuery(database: $0, period: period).tallies()
    }
  }

  public func entrySums(_ period: Period, upTo position: Int64) async throws -> [EntrySum] {
    try await connections.read(.tables) { database in
      try EntrySumQuery(database: database, period: period, position: position).sums()
    }
  }

  private enum MailColumn: String, ColumnList {
    case messageID = "message_id"
    case state, reason
  }

  public func auditedMails(_ period: Period) async throws -> [AuditedMail] {
    try await connections.read(.tables) { database in
      try database.all(
        "SELECT \(MailColumn.sql) FROM mails WHERE period = ? ORDER BY message_id",
        [period.stored], of: MailColumn.self
      ) { row in
        let reason: String? = row[.reason]
        return AuditedMail(
          messageID: row[.messageID], state: try row.word(.state),
          isResent: reason == MailRecord.resent,
          isPerhapsSent: MailRecord.isPerhapsSent(reason))
      }
    }
  }

  public func knownMessageIDs(_ ids: [String]) async throws -> Set<String> {
    try await inPages(ids) { database, page, places in
      try database.texts("SELECT message_id FROM mails WHERE message_id IN (\(places))", page)
    }.reduce(into: []) { $0.insert($1) }
  }

  public func deliveryTally(
    _ period: Period, to service: ServiceName, routingKeys: [String]
  ) async throws -> DeliveryTally {
    try await connections.read(.tables) { database in
      try DeliveryQuery(database: database, period: period, routingKeys: routingKeys)
        .tally(service)
    }
  }

  private enum BodyColumn: String, ColumnList { case id, body }

  public func committedBodies(_ ids: [String]) async throws -> [String: [[UInt8]]] {
    let rows = try await inPages(ids) { database, page, places in
      try database.all(
        "SELECT \(BodyColumn.sql) FROM outgoing_events WHERE id IN (\(places))", page,
        of: BodyColumn.self
      ) { ($0[.id] as String, $0[.body] as [UInt8]) }
    }
    return rows.reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
  }

  /// SQLite takes a bounded number of values in one statement.
  func inPages<Value: Sendable>(
    _ ids: [String],
    _ read: @escaping @Sendable (any SQLSession, SQLValues, _ places: String) throws -> [Value]
  ) async throws -> [Value] {
    let size = 500
    var found: [Value] = []
    for start in stride(from: 0, to: ids.count, by: size) {
      let page = Array(ids[start..<min(start + size, ids.count)])
      let places = page.map { _ in "?" }.joined(separator: ", ")
      found += try await connections.read { try read($0, page.map { $0 }, places) }
    }
    return found
  }
}
