import Billing

public struct BalanceTally: Sendable, Equatable {
  public var transactions = 0
  /// Transactions whose entries do not sum to 0, are missing, or have no transaction.
  public var unbalanced = Violations()
  public var currencies = 0
  public var unbalancedCurrencies = Violations()

  public init() {}
}

public struct InvoiceTally: Sendable, Equatable {
  public var invoices = 0
  /// Accounts with more than one invoice for the period.
  public var invoicedTwice = Violations()
  /// Invoices whose total is not what their own transaction posted.
  public var moved = Violations()

  public init() {}
}

public struct RepetitionTally: Sendable, Equatable {
  public var answers = 0
  public var transactions = 0
  public var events = 0
  public var repeated = Violations()

  public init() {}
}

/// What an audit reads from a ledger is in this folder. Nothing here writes, and nothing relies on
/// the ledger's own rules: each question is answered from the rows as they are. Figures that belong
/// together come from one read; between two reads the ledger may move, so an audit reads the
/// position before and after.
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
}

/// Checks for what the ledger's unique keys and triggers forbid anyway: other programs can change a
/// file too.
struct SoundnessQuery {
  let database: any SQLSession

  func balance() throws -> BalanceTally {
    var tally = BalanceTally()
    tally.transactions = try database.count("SELECT count(*) FROM transactions")
    tally.currencies = try database.count("SELECT count(DISTINCT currency) FROM transactions")
    tally.unbalanced = try database.offenders(
      """
      SELECT 'transaction ' || sequence FROM (
        SELECT sequence FROM entries GROUP BY sequence HAVING \(WideSum.differs("amount_minor"))
        UNION SELECT sequence FROM transactions t
        WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.sequence = t.sequence)
        UNION SELECT sequence FROM entries e
        WHERE NOT EXISTS (SELECT 1 FROM transactions t WHERE t.sequence = e.sequence)) AS found
      ORDER BY sequence
      """)
    tally.unbalancedCurrencies = try database.offenders(
      """
      SELECT currency FROM transactions JOIN entries USING (sequence)
      GROUP BY currency HAVING \(WideSum.differs("amount_minor"))
      """)
    return tally
  }

  func invoices(_ period: Period) throws -> InvoiceTally {
    var tally = InvoiceTally()
    tally.invoices = try database.count(
      "SELECT count(*) FROM invoices WHERE period = ?", [period.stored])
    tally.invoicedTwice = try database.offenders(
      """
      SELECT a.id FROM invoices i JOIN accounts a ON a.key = i.account
      WHERE i.period = ? GROUP BY a.key HAVING count(*) > 1 ORDER BY a.id
      """, [period.stored])
    tally.moved = try database.offenders(
      """
      SELECT i.id FROM invoices i
      WHERE i.period = ? AND (
        SELECT \(WideSum.differs("e.amount_minor", from: "i.total_minor"))
        FROM transactions t JOIN entries e USING (sequence)
        WHERE t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
          AND e.ledger_account IN ('receivable', 'customer_credit'))
      ORDER BY i.id
      """, [period.stored])
    return tally
  }

  /// The invoicer answers a range account by account, every other service once.
  func repetitions() throws -> RepetitionTally {
    var tally = RepetitionTally()
    tally.answers = try database.count("SELECT count(*) FROM decisions")
    tally.transactions = try database.count("SELECT count(*) FROM transactions")
    tally.events = try database.count("SELECT count(*) FROM outgoing_events")
    for sql in [
      """
      SELECT message_id || ' by ' || service FROM decisions WHERE service <> 'invoicer'
      GROUP BY message_id, service HAVING count(*) > 1
      """,
      """
      SELECT message_id || ' by ' || service FROM decisions WHERE service = 'invoicer'
      GROUP BY message_id, service, account HAVING count(*) > 1
      """,
      """
      SELECT kind || ' ' || reference FROM transactions
      GROUP BY account, kind, reference HAVING count(*) > 1
      """,
      "SELECT id FROM outgoing_events GROUP BY id HAVING count(*) > 1",
    ] { tally.repeated.add(try database.offenders(sql)) }
    return tally
  }
}
