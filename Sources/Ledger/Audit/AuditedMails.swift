import Billing

/// A mail as an audit needs it.
public struct AuditedMail: Sendable, Equatable {
  /// The left side.
  public var messageID: String
  public var state: MailRecord.State
  /// Sent under an intent of before: its receiver may have it twice.
  public var isResent: Bool
  /// Suppressed or refused after a sending without a known end: its receiver may have it.
  public var isPerhapsSent: Bool

  public init(
    messageID: String, state: MailRecord.State, isResent: Bool, isPerhapsSent: Bool = false
  ) {
    self.messageID = messageID
    self.state = state
    self.isResent = isResent
    self.isPerhapsSent = isPerhapsSent
  }
}

extension LedgerStore {
  private enum MailColumn: String, ColumnList {
    case messageID = "message_id"
    case state, reason
  }

  public func auditedMails(_ period: Period) async throws -> [AuditedMail] {
    try await read(.tables) { database in
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

  /// Which of these Message-IDs (left sides) the ledger has, of any period.
  public func knownMessageIDs(_ ids: [String]) async throws -> Set<String> {
    try await inPages(ids) { database, page, places in
      try database.texts("SELECT message_id FROM mails WHERE message_id IN (\(places))", page)
    }.reduce(into: []) { $0.insert($1) }
  }
}
