import Billing

/// Everything `explain` shows about one account, or about one of its periods: then nothing of other
/// periods, and nothing that belongs to none (a granted credit, for example). A payment for
/// invoices of several periods is shown in full in each of them.
struct AccountHistoryQuery {
  let database: any SQLSession
  let account: String
  let period: Period?

  private struct Invoice {
    var key: Int64
    var facts: InvoiceFacts
  }

  func story() throws -> AccountHistory? {
    guard
      let key = try database.integer("SELECT key FROM accounts WHERE id = ?", [account])
    else { return nil }
    let invoices = try invoices(key)
    let current = period == nil ? invoices.last?.facts.id : invoices.first?.facts.id
    let query = FactsQuery(database: database)
    guard let facts = try query.facts(FactKey(account: account, invoice: current)) else {
      return nil
    }
    let attempts = try invoices.flatMap {
      try query.attempts($0.key, invoice: $0.facts.id, account: account)
    }
    var scope = AccountHistoryScope(isWhole: period == nil)
    scope.keys = Set(invoices.map(\.key))
    scope.references = Set(invoices.map(\.facts.id)).union(attempts.map(\.key))
    return AccountHistory(
      facts: facts, invoices: invoices.map(\.facts), attempts: attempts,
      steps: try steps(key, scope), transactions: try transactions(key, scope),
      mails: try mails(key), due: try due(key), announced: try announced(key))
  }

  private func invoices(_ key: Int64) throws -> [Invoice] {
    try database.all(
      """
      SELECT \(InvoiceColumns.sql) FROM invoices i
      WHERE i.account = ? AND
        (CAST(? AS bigint) IS NULL OR i.period = ?) ORDER BY i.period, i.number
      """, [key, period?.stored, period?.stored], of: InvoiceColumns.self
    ) { row in
      try InvoiceColumns.facts(row, account: account).map {
        Invoice(key: row[.key], facts: $0)
      }
    }.compactMap { $0 }
  }

  private enum StepColumn: String, ColumnList {
    case decidedAt = "d.decided_at"
    case service = "d.service"
    case messageID = "d.message_id"
    case rule = "d.rule"
    case finding = "d.finding"
    case explanation = "d.explanation"
    case believed = "d.believed"
    case found = "d.found"
    case period = """
      coalesce(
        d.period, (SELECT max(e.period) FROM outgoing_events e WHERE e.id = d.message_id))
      """
  }

  private enum EventColumn: String, ColumnList { case id, type }

  /// A decision that wrote nothing has no period of its own: that of the message it answers counts,
  /// or the invoice it looked at.
  private func steps(_ key: Int64, _ scope: AccountHistoryScope) throws -> [ChainStep] {
    let found = try database.all(
      """
      SELECT \(StepColumn.sql)
      FROM decisions d WHERE d.account = ? AND
        (CAST(? AS bigint) IS NULL OR d.period IS NULL OR d.period = ?)
      ORDER BY d.sequence
      """, [key, period?.stored, period?.stored], of: StepColumn.self
    ) { row in
      let step = ChainStep(
        at: Instant(milliseconds: row[.decidedAt]), service: try row.word(.service),
        messageID: row[.messageID],
        decision: DecisionRecord(
          rule: row[.rule], finding: try row.word(.finding), explanation: row[.explanation]),
        events: [])
      let snapshots = StoredSnapshots(believed: row[.believed], found: row[.found])
      return (step, snapshots, try Period(stored: row[.period] as Int?))
    }.map { step, snapshots, about in
      var step = step
      let answer = AnswerKey(service: step.service, messageID: step.messageID, account: key)
      (step.decision.believed, step.decision.found) = try snapshots.read(of: answer, at: step.at) {
        try CarriedSnapshot.of(step.messageID, about: account, in: database)
      }
      return (step, about)
    }
    let steps = found.filter { step, about in
      if scope.isWhole { return true }
      return about.map { $0 == period } ?? scope.holds(step.decision)
    }.map(\.0)
    return try steps.map { step in
      var step = step
      step.events = try database.all(
        """
        SELECT \(EventColumn.sql) FROM outgoing_events
        WHERE message_id = ? AND service = ? AND answered_for = ? ORDER BY sequence
        """, [step.messageID, step.service.rawValue, key], of: EventColumn.self
      ) { (id: $0[.id], type: $0[.type]) }
      return step
    }
  }

  private enum TransactionColumn: String, ColumnList {
    case sequence, position
    case postedAt = "posted_at"
    case service, kind, reference
  }

  private func transactions(_ key: Int64, _ scope: AccountHistoryScope) throws
    -> [PostedTransaction]
  {
    let posted = try database.all(
      """
      SELECT \(TransactionColumn.sql) FROM transactions
      WHERE account = ? ORDER BY position
      """, [key], of: TransactionColumn.self
    ) { row in
      PostedTransaction(
        sequence: row[.sequence], position: row[.position],
        at: Instant(milliseconds: row[.postedAt]), service: try row.word(.service),
        kind: row[.kind], reference: row[.reference], entries: [])
    }
    return try posted.compactMap { try withEntries($0, scope) }
  }

  private enum EntryColumn: String, ColumnList {
    case account = "ledger_account"
    case amountMinor = "amount_minor"
    case invoice
  }

  /// `nil` if it concerns none of the invoices shown.
  private func withEntries(
    _ transaction: PostedTransaction, _ scope: AccountHistoryScope
  ) throws -> PostedTransaction? {
    var transaction = transaction
    let entries = try database.all(
      "SELECT \(EntryColumn.sql) FROM entries WHERE sequence = ? ORDER BY line",
      [transaction.sequence], of: EntryColumn.self
    ) { row in
      (
        account: row[.account] as String, amount: row[.amountMinor] as Int64,
        invoice: row[.invoice] as Int64?
      )
    }
    if !scope.holds(transaction, entries.compactMap(\.invoice)) { return nil }
    transaction.entries = entries.map { ($0.account, $0.amount) }
    return transaction
  }

  private func mails(_ key: Int64) throws -> [MailRecord] {
    try database.all(
      """
      SELECT \(MailColumns.sql) FROM mails m
      WHERE m.account = ? AND
        (CAST(? AS bigint) IS NULL OR coalesce(
          m.period, (SELECT max(e.period) FROM outgoing_events e WHERE e.id = m.about)) = ?)
      ORDER BY m.recorded_at, m.about
      """, [key, period?.stored, period?.stored], of: MailColumns.self
    ) { try MailColumns.mail($0, account: account) }
  }

  private func due(_ key: Int64) throws -> [DueWork] {
    try database.all(
      """
      \(DueRows.sql) WHERE i.account = ? AND d.state = 'pending' AND
        (CAST(? AS bigint) IS NULL OR i.period = ?)
      ORDER BY d.due_at, d.key
      """, [key, period?.stored, period?.stored], DueRows.work)
  }

  /// Taken out and announced, with no answer to the announcement yet.
  private func announced(_ key: Int64) throws -> [DueWork] {
    let taken = try database.all(
      """
      \(DueRows.sql) WHERE i.account = ? AND d.state = 'taken' AND
        (CAST(? AS bigint) IS NULL OR i.period = ?)
      ORDER BY d.due_at, d.key
      """, [key, period?.stored, period?.stored], DueRows.work)
    return try taken.filter { work in
      let id = "\(work.kind.routingKey):\(work.reference)"
      let answer = try database.integer(
        "SELECT count(*) FROM decisions WHERE message_id IN (?, ?) AND service = ?",
        [id, "\(id)#parked", work.service.rawValue])
      return answer == 0
    }
  }
}

/// What belongs to the invoices shown.
private struct AccountHistoryScope {
  var isWhole: Bool
  var keys: Set<Int64> = []
  /// Of invoices and of attempts to charge them.
  var references: Set<String> = []

  /// By the invoice it looked at.
  func holds(_ decision: DecisionRecord) -> Bool {
    [decision.found, decision.believed].contains { snapshot in
      snapshot?.invoice.map { references.contains($0.id) } ?? false
    }
  }

  func holds(_ transaction: PostedTransaction, _ invoices: [Int64]) -> Bool {
    isWhole || !keys.isDisjoint(with: invoices) || references.contains(transaction.reference)
  }
}
