import Billing

/// All that `explain` tells of one account, or of one period of it. What belongs to no period at
/// all (a credit that was granted, say) is told in every one.
struct StoryQuery {
  let database: any SQLSession
  let account: String
  let period: Period?

  private struct Invoice {
    var key: Int64
    var facts: InvoiceFacts
  }

  func story() throws -> AccountStory? {
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
    return AccountStory(
      facts: facts, invoices: invoices.map(\.facts), attempts: attempts, steps: try steps(key),
      transactions: try transactions(key, invoices.map(\.key)), mails: try mails(key),
      due: try due(key))
  }

  private func invoices(_ key: Int64) throws -> [Invoice] {
    try database.all(
      """
      SELECT \(InvoiceColumns.sql) FROM invoices i
      WHERE i.account = ? AND
        (CAST(? AS bigint) IS NULL OR i.period = ?) ORDER BY i.period, i.number
      """, [key, period?.stored, period?.stored]
    ) { row in
      try InvoiceColumns.facts(row, from: 0, account: account).map {
        Invoice(key: row[0], facts: $0)
      }
    }.compactMap { $0 }
  }

  private func steps(_ key: Int64) throws -> [ChainStep] {
    let steps = try database.all(
      """
      SELECT decided_at, service, message_id, rule, finding, explanation, believed, found
      FROM decisions WHERE account = ? AND
        (CAST(? AS bigint) IS NULL OR period IS NULL OR period = ?)
      ORDER BY sequence
      """, [key, period?.stored, period?.stored]
    ) { row in
      ChainStep(
        at: Instant(milliseconds: row[0]), service: try row.word(1), messageID: row[2],
        decision: DecisionRecord(
          rule: row[3], finding: try row.word(4), explanation: row[5],
          believed: try (row[6] as String?).map(SnapshotText.read),
          found: try (row[7] as String?).map(SnapshotText.read)),
        events: [])
    }
    return try steps.map { step in
      var step = step
      step.events = try database.all(
        """
        SELECT id, type FROM outgoing_events
        WHERE message_id = ? AND service = ? AND answered_for = ? ORDER BY sequence
        """, [step.messageID, step.service.rawValue, key]
      ) { (id: $0[0], type: $0[1]) }
      return step
    }
  }

  private func transactions(_ key: Int64, _ invoices: [Int64]) throws -> [PostedTransaction] {
    let posted = try database.all(
      """
      SELECT sequence, position, posted_at, service, kind, reference FROM transactions
      WHERE account = ? ORDER BY position
      """, [key]
    ) { row in
      PostedTransaction(
        sequence: row[0], position: row[1], at: Instant(milliseconds: row[2]),
        service: try row.word(3), kind: row[4], reference: row[5], entries: [])
    }
    return try posted.compactMap { try withEntries($0, of: Set(invoices)) }
  }

  /// `nil` when it concerns invoices, but none of those that are told of.
  private func withEntries(
    _ transaction: PostedTransaction, of invoices: Set<Int64>
  ) throws -> PostedTransaction? {
    var transaction = transaction
    let entries = try database.all(
      "SELECT ledger_account, amount_minor, invoice FROM entries WHERE sequence = ? ORDER BY line",
      [transaction.sequence]
    ) { (account: $0[0] as String, amount: $0[1] as Int64, invoice: $0[2] as Int64?) }
    let concerned = entries.compactMap(\.invoice)
    if period != nil && !concerned.isEmpty && invoices.isDisjoint(with: concerned) { return nil }
    transaction.entries = entries.map { ($0.account, $0.amount) }
    return transaction
  }

  private func mails(_ key: Int64) throws -> [MailRecord] {
    try database.all(
      """
      SELECT \(MailColumns.sql) FROM mails m
      WHERE m.account = ? AND
        (CAST(? AS bigint) IS NULL OR m.period IS NULL OR m.period = ?)
      ORDER BY m.recorded_at, m.about
      """, [key, period?.stored, period?.stored]
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
}
