import Billing

/// What an audit reads from a ledger. Nothing here writes, and nothing relies on the ledger's own
/// rules: each question is answered from the rows as they are. Figures that belong together come
/// from one read; between two reads the ledger may move, so an audit reads the position before and
/// after.
extension LedgerStore {
  /// The number of the newest transaction; 0 in an empty ledger.
  public func position() async throws -> Int64 {
    try await read { database in
      try database.integer("SELECT max(sequence) FROM transactions") ?? 0
    }
  }

  /// Whether the entries balance, per transaction and per currency.
  public func balanceTally() async throws -> BalanceTally {
    try await read(.tables) { try SoundnessQuery(database: $0).balance() }
  }

  /// Invoices of a period: twice for one account, or with another amount than was posted.
  public func invoiceTally(_ period: Period) async throws -> InvoiceTally {
    try await read(.tables) { try SoundnessQuery(database: $0).invoices(period) }
  }

  /// Messages that were answered, posted or recorded more than once.
  public func repetitionTally() async throws -> RepetitionTally {
    try await read(.tables) { try SoundnessQuery(database: $0).repetitions() }
  }

  /// Whether every message that a service answered was committed, or is a trigger.
  public func consumptionTally() async throws -> ConsumptionTally {
    try await read(.tables) { try ConsumptionQuery(database: $0).tally() }
  }

  /// Message-IDs (left sides) of a period's mails about events that were never committed.
  public func unfoundedMails(_ period: Period) async throws -> Violations {
    try await read(.tables) {
      try ConsumptionQuery(database: $0).unfoundedMails(period)
    }
  }

  /// Who made what, over the whole ledger.
  public func authorship() async throws -> [Provenance] {
    try await read(.tables) { try AuthorshipQuery(database: $0).all() }
  }

  /// Every attempt on the period's invoices, by invoice and number.
  public func auditedAttempts(_ period: Period) async throws -> [AuditedAttempt] {
    try await read(.tables) { try AttemptQuery(database: $0).attempts(period) }
  }

  /// Charges that were posted though no attempt on any invoice says that it succeeded.
  public func chargesWithoutAttempt() async throws -> Violations {
    try await read(.tables) { try AttemptQuery(database: $0).chargesWithoutAttempt() }
  }

  /// Which end each account of the close has, and whether the books say the same.
  public func memberTally(_ period: Period) async throws -> MemberTally {
    try await read(.tables) { try MemberQuery(database: $0, period: period).tally() }
  }

  /// What each account owed before the period's first invoice, and what came of it since.
  public func conservation(_ period: Period) async throws -> [ConservationTally] {
    try await read(.tables) {
      try ConservationQuery(database: $0, period: period).tallies()
    }
  }

  /// Sums of the entries that belong to the period's invoices, of transactions up to `position`.
  public func entrySums(_ period: Period, upTo position: Int64) async throws -> [EntrySum] {
    try await read(.tables) { database in
      try EntrySumQuery(database: database, period: period, position: position).sums()
    }
  }

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

  /// Events of the period, or of none, with these routing keys, and those among them that
  /// `service` has not answered.
  public func deliveryTally(
    _ period: Period, to service: ServiceName, routingKeys: [String]
  ) async throws -> DeliveryTally {
    try await read(.tables) { database in
      try DeliveryQuery(database: database, period: period, routingKeys: routingKeys)
        .tally(service)
    }
  }

  private enum BodyColumn: String, ColumnList { case id, body }

  /// The bodies under which events of these ids were committed.
  public func committedBodies(_ ids: [String]) async throws -> [String: [[UInt8]]] {
    let rows = try await inPages(ids) { database, page, places in
      try database.all(
        "SELECT \(BodyColumn.sql) FROM outgoing_events WHERE id IN (\(places))", page,
        of: BodyColumn.self
      ) { ($0[.id] as String, $0[.body] as [UInt8]) }
    }
    return rows.reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
  }
}
