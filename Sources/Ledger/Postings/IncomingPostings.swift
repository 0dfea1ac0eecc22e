import Billing

/// A payment or a credit as it was posted: what a reversal mirrors.
public struct IncomingPosting: Sendable, Equatable {
  public var account: String
  public var currency: Currency
  /// Money entry first, then the invoices it paid, then what became credit.
  public var entries: [Entry]
  /// It was taken back already.
  public var isReversed: Bool

  /// What arrived or was granted.
  public var amountMinor: Int64 {
    entries.first { [.cash, .creditsGranted].contains($0.ledgerAccount) }?.amountMinor ?? 0
  }
}

/// Credit that was used on an invoice.
public struct CreditUse: Sendable, Equatable {
  public var invoice: String
  public var amountMinor: Int64
}

extension LedgerStore {
  private enum IncomingColumn: String, ColumnList {
    case account = "a.id"
    case currency = "t.currency"
    case ledgerAccount = "e.ledger_account"
    case amountMinor = "e.amount_minor"
    case invoice = "i.id"
    case state = """
      CASE WHEN EXISTS (SELECT 1 FROM transactions r WHERE r.account = t.account
        AND r.kind = ? AND r.reference = t.reference) THEN 'reversed' ELSE 'posted' END
      """
  }

  /// Payments, or credits, posted under this reference: one, but for those that were recorded
  /// before a reference belonged to one account.
  public func incoming(
    _ kind: Transaction.Kind, reference: String
  ) async throws -> [IncomingPosting] {
    guard let reversal = kind.reversal else { return [] }
    return try await read { database in
      let rows = try database.all(
        """
        SELECT \(IncomingColumn.sql)
        FROM accounts a JOIN transactions t ON t.account = a.key
        JOIN entries e ON e.sequence = t.sequence LEFT JOIN invoices i ON i.key = e.invoice
        WHERE t.kind = ? AND t.reference = ? ORDER BY t.sequence, e.line
        """, [reversal.rawValue, kind.rawValue, reference], of: IncomingColumn.self
      ) { row in
        (
          account: row[.account] as String, currency: try Currency(row[.currency] as String),
          entry: Entry(
            try LedgerAccount(incoming: row[.ledgerAccount]), row[.amountMinor] as Int64,
            invoice: row[.invoice] as String?),
          isReversed: row[.state] as String == "reversed"
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
    try await read { try ReferenceRows(database: $0).owner(reference, kind)?.id }
  }
}

extension ReferenceRows {
  func owner(
    _ reference: String, _ kind: Transaction.Kind
  ) throws -> (key: Int64, id: String)? {
    try database.first(
      """
      SELECT \(Owner.sql) FROM incoming_references r JOIN accounts a ON a.key = r.account
      WHERE r.kind = ? AND r.reference = ?
      """, [kind.rawValue, reference], of: Owner.self
    ) { (key: $0[.key] as Int64, id: $0[.id] as String) }
  }
}

extension LedgerStore {
  private enum UseColumn: String, ColumnList {
    case invoice = "i.id"
    case amountMinor = "e.amount_minor"
  }

  /// Credit the account used on invoices, the last use first.
  public func creditUses(of account: String) async throws -> [CreditUse] {
    try await read(about: [account]) { database in
      try database.all(
        """
        SELECT \(UseColumn.sql) FROM accounts a JOIN transactions t ON t.account = a.key
        JOIN entries e ON e.sequence = t.sequence JOIN invoices i ON i.key = e.invoice
        WHERE a.id = ? AND t.kind = 'creditApplied' AND e.ledger_account = 'receivable'
        ORDER BY t.sequence DESC, e.line
        """, [account], of: UseColumn.self
      ) { CreditUse(invoice: $0[.invoice], amountMinor: -($0[.amountMinor] as Int64)) }
    }
  }

  /// The amount of a transaction posted before under this reference: what its money entry (not
  /// receivable, and not customer credit unless that was applied) says.
  public func posted(
    _ kind: Transaction.Kind, account: String, reference: String
  ) async throws -> Int64? {
    try await read(about: [account]) { database in
      try database.integer(
        """
        SELECT CAST(sum(e.amount_minor) AS bigint) FROM accounts a
        JOIN transactions t ON t.account = a.key JOIN entries e ON e.sequence = t.sequence
        WHERE a.id = ? AND t.kind = ? AND t.reference = ?
          AND e.ledger_account NOT IN ('receivable', ?)
        """,
        [
          account, kind.rawValue, reference,
          // Applied credit comes from there; of money it is what was left over.
          kind == .creditApplied ? "" : LedgerAccount.customerCredit.name,
        ])
    }
  }
}

/// `incoming_references`: written with the posting, so that a reference has one account.
struct ReferenceRows {
  let database: any SQLSession

  private enum Owner: String, ColumnList {
    case key = "a.key"
    case id = "a.id"
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
