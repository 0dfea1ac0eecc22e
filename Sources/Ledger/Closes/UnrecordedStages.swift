import Billing

extension LedgerStore {
  /// Events of a running close that prove a stage their account has not reached in the ledger, in
  /// order, after number `after`.
  ///
  /// A service writes the stage with the event; those of version 0.1 left it to the reporter, which
  /// records it when it is sent the event.
  public func unrecordedStages(
    _ period: Period, before: Instant, after: Int64 = 0, limit: Int
  ) async throws -> [StoredEvent] {
    try await read { database in
      try database.all(
        """
        SELECT \(EventColumns.sql) FROM outgoing_events e
        JOIN close_runs r ON r.period = e.period AND r.state = 'running'
        JOIN accounts a ON a.id = e.account
        JOIN close_members m ON m.period = e.period AND m.account = a.key
        WHERE e.period = ?1 AND e.recorded_at < ?2 AND e.sequence > ?3
          AND NOT (\(Milestone.isFinished)) AND (\(Self.provenStages)) & ~m.milestones <> 0
        ORDER BY e.sequence LIMIT ?4
        """, [period.stored, before.milliseconds, after, limit], EventColumns.event)
    }
  }

  /// As `DecisionTable.reporter` has it. The id of a mail's event ends with the kind of mail.
  private static let provenStages: String = {
    func when(_ types: [EventType], _ stages: Milestone, and condition: String = "") -> String {
      let names = types.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      return "WHEN e.type IN (\(names))\(condition) THEN \(stages.rawValue)"
    }
    let mails: [EventType] = [.mailSent, .mailSuppressed, .mailRefused]
    return """
      CASE \(when([.invoiceIssued], .invoiced))
        \(when([.invoiceParked], .all, and: " AND m.ended = 'parked'"))
        \(when([.chargeSucceeded, .chargeDeclined], .settled))
        \(when([.chargeSkipped, .chargeParked], .settledSilently))
        \(when(mails, .invoiceMailed, and: " AND e.id LIKE '%:invoice'"))
        \(when(mails, .outcomeMailed, and: " AND e.id LIKE '%:receipt'"))
        \(when(mails, .outcomeMailed, and: " AND e.id LIKE '%:declined'"))
        ELSE 0 END
      """
  }()
}
