import Billing

extension LedgerStore {
  /// Payments, or credits, posted under this reference: one, but for those that were recorded
  /// before a reference belonged to one account.
  public func incoming(
    _ kind: Transaction.Kind, reference: String
  ) async throws -> [IncomingPosting] {
    guard let reversal = kind.reversal else { return [] }
    return try await connections.read { database in
      let rows = try database.all(
        """
        SELECT a.id, t.currency, e.ledger_account, e.amount_minor, i.id,
          CASE WHEN EXISTS (SELECT 1 FROM transactions r WHERE r.account = t.account
            AND r.kind = ? AND r.reference = t.reference) THEN 'reversed' ELSE 'posted' END
        FROM accounts a JOIN transactions t ON t.account = a.key
        JOIN entries e ON e.sequence = t.sequence LEFT JOIN invoices i ON i.key = e.invoice
        WHERE t.kind = ? AND t.reference = ? ORDER BY t.sequence, e.line
        """, [reversal.rawValue, kind.rawValue, reference]
      ) { row in
        (
          account: row[0] as String, currency: try Currency(row[1] as String),
          entry: Entry(
            try LedgerAccount(incoming: row[2]), row[3] as Int64, invoice: row[4] as String?),
          isReversed: row[5] as String == "reversed"
        )
      }
      var postings: [IncomingPosting] = []
      for row in rows {
        if postings.last?.account != row.account {
          postings.append(
            IncomingPosting(
              account: row.account, currency: row.currency, entries: [],
              isReversed: row.isReversed))
        }
        postings[postings.count - 1].entries.append(row.entry)
      }
      return postings
    }
  }

  /// The account that a payment or credit was recorded for under this reference.
  public func owner(of reference: String, _ kind: Transaction.Kind) async throws -> String? {
    try await connections.read { try ReferenceRows(database: $0).owner(reference, kind)?.id }
  }

  /// Credit the account used on invoices, the last use first.
  public func creditUses(of account: String) async throws -> [CreditUse] {
    try await connections.read { database in
      try database.all(
        """
        SELECT i.id, e.amount_minor FROM accounts a JOIN transactions t ON t.account = a.key
        JOIN entries e ON e.sequence = t.sequence JOIN invoices i ON i.key = e.invoice
        WHERE a.id = ? AND t.kind = 'creditApplied' AND e.ledger_account = 'receivable'
        ORDER BY t.sequence DESC, e.line
        """, [account]
      ) { CreditUse(invoice: $0[0], amountMinor: -($0[1] as Int64)) }
    }
  }
}

/// `incoming_references`: written with the posting, so that a reference has one account.
struct ReferenceRows {
  let database: any SQLSession

  func owner(
    _ reference: String, _ kind: Transaction.Kind
  ) throws -> (key: Int64, id: String)? {
    try database.first(
      """
      SELECT a.key, a.id FROM incoming_references r JOIN accounts a ON a.key = r.account
      WHERE r.kind = ? AND r.reference = ?
      """, [kind.rawValue, reference]
    ) { (key: $0[0] as Int64, id: $0[1] as String) }
  }

  /// Unique: two that record the same reference at the same time are one and a refusal.
  func record(_ transaction: Transaction, of account: LedgerBalance) throws {
    guard transaction.kind.reversal != nil else { return }
    try database.run(
      "INSERT INTO incoming_references (kind, reference, account) VALUES (?, ?, ?)",
      [transaction.kind.rawValue, transaction.reference, account.key])
  }
}

extension LedgerAccount {
  /// One that a payment or a credit moves.
  fileprivate init(incoming name: String) throws {
    let known: [LedgerAccount] = [.cash, .creditsGranted, .receivable, .customerCredit]
    guard let found = known.first(where: { $0.name == name }) else {
      throw StoreError.damaged("`\(name)` is not a ledger account for payments")
    }
    self = found
  }
}
