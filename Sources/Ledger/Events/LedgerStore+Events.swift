import Billing

extension LedgerStore {
  public func recognise(
    _ messages: [ReceivedMessage], by service: ServiceName
  ) async throws -> [Recognition] {
    if messages.isEmpty { return [] }
    return try await connections.read { database in
      let query = RecognitionQuery(database: database, service: service)
      return try database.collect(messages, query.recognise)
    }
  }

  public func answered(
    _ messageIDs: [String], by service: ServiceName
  ) async throws -> [String: [StoredEvent]] {
    if messageIDs.isEmpty { return [:] }
    return try await connections.read { database in
      let found = try database.collect(messageIDs) { id -> [StoredEvent]? in
        let decision = try database.integer(
          "SELECT 1 FROM decisions WHERE message_id = ? AND service = ? LIMIT 1",
          [id, service.rawValue])
        guard decision != nil else { return nil }
        return try database.all(
          """
          SELECT \(EventColumns.sql)
          FROM outgoing_events e JOIN unpublished_events u USING (sequence)
          WHERE e.message_id = ? AND e.service = ? ORDER BY e.sequence
          """, [id, service.rawValue], EventColumns.event)
      }
      return zip(messageIDs, found).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  public func unpublished(
    by service: ServiceName, before: Instant, after sequence: Int64, limit: Int
  ) async throws -> [StoredEvent] {
    try await connections.read { database in
      try database.all(
        """
        SELECT \(EventColumns.sql) FROM unpublished_events u JOIN outgoing_events e USING (sequence)
        WHERE u.service = ? AND u.recorded_at < ? AND u.sequence > ? ORDER BY u.sequence LIMIT ?
        """, [service.rawValue, before.milliseconds, sequence, limit], EventColumns.event)
    }
  }

  public func takeDue(
    by service: ServiceName, at now: Instant, limit: Int,
    announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent
  ) async throws -> [StoredEvent] {
    let isSomethingDue = try await connections.read { database in
      try database.integer(DueRows.nextSQL, [service.rawValue, now.milliseconds, 1]) != nil
    }
    if !isSomethingDue { return [] }
    return try await connections.write { database in
      try DueRows(database).take(by: service, at: now, limit: limit, announce)
    }
  }

  public func takenDue(
    _ references: [String], of kind: EventType, by service: ServiceName
  ) async throws -> [String: DueWork] {
    if references.isEmpty { return [:] }
    return try await connections.read { database in
      let found = try database.collect(references) { reference in
        try database.first(
          """
          \(DueRows.sql) WHERE d.service = ? AND d.kind = ? AND d.reference = ?
            AND d.state = 'taken'
          """, [service.rawValue, kind.rawValue, reference], DueRows.work)
      }
      return zip(references, found).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }
}
