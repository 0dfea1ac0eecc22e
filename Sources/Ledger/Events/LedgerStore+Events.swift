import Billing

extension LedgerStore {
  /// What the ledger has of messages that `service` received, in order: whether each was committed,
  /// with these bytes, by the service whose event it is, and whether `service` has answered it.
  public func recognise(
    _ messages: [ReceivedMessage], by service: ServiceName
  ) async throws -> [Recognition] {
    guard let probe else { return try await recognised(messages, service) }
    return try await probe.recognising(messages, by: service) {
      try await recognised(messages, service)
    }
  }

  private func recognised(
    _ messages: [ReceivedMessage], _ service: ServiceName
  ) async throws -> [Recognition] {
    try await each(of: messages) { RecognitionQuery(database: $0, service: service).recognise }
  }

  /// Which of these messages this service has answered already (for any account), with the events
  /// it made whose publication is not recorded.
  public func answered(
    _ messageIDs: [String], by service: ServiceName
  ) async throws -> [String: [StoredEvent]] {
    try await readKeyed(messageIDs) { RecognitionQuery(database: $0, service: service).answered }
  }

  /// This service's events whose publication is not recorded, oldest first, recorded before
  /// `before`; with numbers above `sequence`.
  public func unpublished(
    by service: ServiceName, before: Instant, after sequence: Int64, limit: Int
  ) async throws -> [StoredEvent] {
    try await read { database in
      try database.all(
        """
        SELECT \(EventColumns.sql) FROM unpublished_events u JOIN outgoing_events e USING (sequence)
        WHERE u.service = ? AND u.recorded_at < ? AND u.sequence > ? ORDER BY u.sequence LIMIT ?
        """, [service.rawValue, before.milliseconds, sequence, limit], EventColumns.event)
    }
  }

  public func unpublished(
    by service: ServiceName, before: Instant, limit: Int
  ) async throws -> [StoredEvent] {
    try await unpublished(by: service, before: before, after: 0, limit: limit)
  }

  /// Takes due work of this service out, in order of time, and records for each the event that
  /// `announce` makes of it from the account's facts, in one transaction.
  public func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    guard let probe else { return try await takenDue(service, now, limit, announce) }
    return try await probe.takingDue { try await takenDue(service, now, limit, announce) }
  }

  private func takenDue(
    _ service: ServiceName, _ now: Instant, _ limit: Int,
    _ announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    let isSomethingDue = try await connections.read { database in
      try database.integer(DueRows.nextSQL, [service.rawValue, now.milliseconds, 1]) != nil
    }
    if !isSomethingDue { return [] }
    return try await connections.write { database in
      try DueRows(database).take(by: service, at: now, limit: limit, announce)
    }
  }

  /// Due work of this kind that this service has taken out, by reference.
  public func takenDue(
    _ references: [String], of kind: EventType, by service: ServiceName
  ) async throws -> [String: DueWork] {
    try await readKeyed(references) { database in
      { reference in
        try database.first(
          """
          \(DueRows.sql) WHERE d.service = ? AND d.kind = ? AND d.reference = ?
            AND d.state = 'taken'
          """, [service.rawValue, kind.rawValue, reference], DueRows.work)
      }
    }
  }
}
