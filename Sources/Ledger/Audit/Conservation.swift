import Billing

/// Amounts in minor units of one currency, over all its accounts. `closing` is what the accounts
/// say they owe; the others are summed from the far side of each transaction. Wide, so that one
/// huge amount in a ledger of former times keeps no audit from saying what is there.
public struct ConservationTally: Sendable, Equatable {
  public var currency: Currency
  public var accounts = 0
  public var openingMinor: Int128 = 0
  public var invoicedMinor: Int128 = 0
  public var paidMinor: Int128 = 0
  public var creditedMinor: Int128 = 0
  public var closingMinor: Int128 = 0
  /// Accounts for which the equation does not hold.
  public var broken = Violations()

  public init(currency: Currency) { self.currency = currency }
}

extension LedgerStore {
  /// What each account owed before the period's first invoice, and what came of it since.
  public func conservation(_ period: Period) async throws -> [ConservationTally] {
    try await read(.tables) {
      try ConservationQuery(database: $0, period: period).tallies()
    }
  }
}

/// opening + invoiced − paid − credited = closing, account by account.
///
/// Opening is what the account owed before the first transaction of the period's invoices. Invoiced
/// is read from revenue and tax, paid from clearing and cash, credited from the cost of credits:
/// the far side of each transaction, so that a receivable that was changed does not vouch for
/// itself. Closing is what the account says. Nothing can be written off yet.
struct ConservationQuery {
  let database: any SQLSession
  let period: Period

  private enum BrokenColumn: String, ColumnList { case currency, id }

  private enum TallyColumn: String, ColumnList {
    case currency
    case accounts = "count(*)"
    case opening, invoiced, paid, credited, closing

    static let sums: [Self] = [.opening, .invoiced, .paid, .credited, .closing]

    var sql: String {
      switch self {
      case .currency, .accounts: rawValue
      case .opening, .invoiced, .paid, .credited: WideSum.sql(of: rawValue)
      case .closing: WideSum.sql(rawValue)
      }
    }
  }

  func tallies() throws -> [ConservationTally] {
    let broken = try database.all(
      """
      \(Self.books) SELECT \(BrokenColumn.sql) FROM books
      WHERE \(Self.isBroken) ORDER BY id
      """, [period.stored], of: BrokenColumn.self
    ) { ($0[.currency] as String, $0[.id] as String) }
    let tallies = try database.all(
      """
      \(Self.books) SELECT \(TallyColumn.sql)
      FROM books GROUP BY currency ORDER BY currency
      """, [period.stored], Self.tally)
    return tallies.map { tally in
      var tally = tally
      tally.broken = Violations(broken.lazy.filter { $0.0 == tally.currency.code }.map(\.1))
      return tally
    }
  }

  private static func tally(_ row: Record<TallyColumn>) throws -> ConservationTally {
    var tally = ConservationTally(currency: try Currency(row[.currency] as String))
    tally.accounts = row[.accounts]
    tally.openingMinor = row.wideSum(.opening)
    tally.invoicedMinor = row.wideSum(.invoiced)
    tally.paidMinor = row.wideSum(.paid)
    tally.creditedMinor = row.wideSum(.credited)
    tally.closingMinor = row.wideSum(.closing)
    return tally
  }

  private static let isBroken = WideSum.differs(
    "(opening_high + invoiced_high - paid_high - credited_high)",
    "(opening_low + invoiced_low - paid_low - credited_low)", from: "closing")

  /// What each entry adds to a figure.
  private static let figures: [(name: String, amount: String)] = [
    (
      "opening",
      """
      CASE WHEN t.sequence < first AND e.ledger_account IN ('receivable', 'customer_credit')
        THEN e.amount_minor ELSE 0 END
      """
    ),
    (
      "invoiced",
      """
      CASE WHEN t.sequence >= first AND (substr(e.ledger_account, 1, 8) = 'revenue:'
          OR substr(e.ledger_account, 1, 4) = 'tax:')
        THEN -e.amount_minor ELSE 0 END
      """
    ),
    (
      "paid",
      """
      CASE WHEN t.sequence >= first AND e.ledger_account IN ('gateway_clearing', 'cash')
        THEN e.amount_minor ELSE 0 END
      """
    ),
    (
      "credited",
      """
      CASE WHEN t.sequence >= first AND e.ledger_account = 'credits_granted'
        THEN e.amount_minor ELSE 0 END
      """
    ),
  ]

  private static let books = """
    WITH start(first) AS (
      SELECT coalesce(min(t.sequence), 0) FROM invoices i
      JOIN transactions t
        ON t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
      WHERE i.period = ?),
    moves AS (
      SELECT t.account AS account,
        \(figures.map { WideSum.sql($0.amount, as: $0.name) }.joined(separator: ", "))
      FROM start CROSS JOIN transactions t JOIN entries e USING (sequence) GROUP BY t.account),
    books AS (
      SELECT a.id AS id, a.currency AS currency, \(sums), a.balance_minor AS closing
      FROM accounts a LEFT JOIN moves m ON m.account = a.key)
    """

  private static let sums = figures.flatMap { figure in
    ["high", "low"].map {
      "coalesce(m.\(figure.name)_\($0), 0) AS \(figure.name)_\($0)"
    }
  }.joined(separator: ", ")
}
