import Billing

/// The sum of one kind of entry: in transactions of one kind, on one account of the ledger.
public struct EntrySum: Sendable, Equatable {
  public var currency: Currency
  public var kind: Transaction.Kind
  public var ledgerAccount: String
  public var amountMinor: Int64
  public var transactions: Int

  public init(
    currency: Currency, kind: Transaction.Kind, ledgerAccount: String, amountMinor: Int64,
    transactions: Int
  ) {
    self.currency = currency
    self.kind = kind
    self.ledgerAccount = ledgerAccount
    self.amountMinor = amountMinor
    self.transactions = transactions
  }
}

extension LedgerStore {
  /// Sums of the entries that belong to the period's invoices, of transactions up to `position`.
  public func entrySums(_ period: Period, upTo position: Int64) async throws -> [EntrySum] {
    try await read(.tables) { database in
      try EntrySumQuery(database: database, period: period, position: position).sums()
    }
  }
}

/// Which entries belong to a period's invoices, summed by kind and account. An invoice's own
/// postings belong to it by reference, a charge by its attempt's key, whole; of payments and
/// credits, which may be spread over several invoices, the entries on the period's invoices.
struct EntrySumQuery {
  let database: any SQLSession
  let period: Period
  let position: Int64

  private enum Column: String, ColumnList {
    case currency = "i.currency"
    case kind = "t.kind"
    case ledgerAccount = "e.ledger_account"
    case amount = "e.amount_minor"
    case transactions = "count(DISTINCT t.sequence)"

    static let sums: [Self] = [.amount]
  }

  func sums() throws -> [EntrySum] {
    try Self.sources.flatMap { source in
      try database.all(
        """
        SELECT \(Column.sql)
        FROM invoices i \(source)
        WHERE i.period = ? AND t.sequence <= ?
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """, [period.stored, position], of: Column.self
      ) { row in
        EntrySum(
          currency: try Currency(row[.currency] as String), kind: try row.word(.kind),
          ledgerAccount: row[.ledgerAccount], amountMinor: try row.sum(.amount),
          transactions: row[.transactions])
      }
    }
  }

  private static let sources = [
    """
    JOIN transactions t ON t.account = i.account AND t.kind IN ('invoice', 'creditApplied')
      AND t.reference = i.id
    JOIN entries e ON e.sequence = t.sequence
    """,
    """
    JOIN attempts p ON p.invoice = i.key
    JOIN transactions t ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
    JOIN entries e ON e.sequence = t.sequence
    """,
    """
    JOIN entries e ON e.invoice = i.key
    JOIN transactions t ON t.sequence = e.sequence
      AND t.kind IN ('payment', 'creditGrant', 'paymentReversal', 'creditReversal')
    """,
  ]
}
