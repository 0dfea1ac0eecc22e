import Billing

/// opening + invoiced − paid − credited = closing, account by account.
///
/// Opening is what the account owed before the first transaction of the period's invoices. Invoiced
/// is read from revenue and tax, paid from clearing and cash, credited from the cost of credits:
/// the far side of each transaction, so that a receivable that was changed does not vouch for
/// itself. Closing is what the account says. Nothing can be written off yet.
struct ConservationQuery {
  let database: any SQLSession
  let period: Period

  func tallies() throws -> [ConservationTally] {
    let broken = try database.all(
      """
      \(Self.books) SELECT currency, id FROM books
      WHERE opening + invoiced - paid - credited <> closing ORDER BY id
      """, [period.stored]
    ) { ($0[0] as String, $0[1] as String) }
    let tallies = try database.all(
      """
      \(Self.books) SELECT currency, count(*), CAST(sum(opening) AS bigint),
        CAST(sum(invoiced) AS bigint), CAST(sum(paid) AS bigint),
        CAST(sum(credited) AS bigint), CAST(sum(closing) AS bigint)
      FROM books GROUP BY currency ORDER BY currency
      """, [period.stored], Self.tally)
    return tallies.map { tally in
      var tally = tally
      tally.broken = Offenders(broken.lazy.filter { $0.0 == tally.currency.code }.map(\.1))
      return tally
    }
  }

  private static func tally(_ row: Row) throws -> ConservationTally {
    var tally = ConservationTally(currency: try Currency(row[0] as String))
    tally.accounts = row[1]
    tally.openingMinor = row[2]
    tally.invoicedMinor = row[3]
    tally.paidMinor = row[4]
    tally.creditedMinor = row[5]
    tally.closingMinor = row[6]
    return tally
  }

  private static let books = """
    WITH start(first) AS (
      SELECT coalesce(min(t.sequence), 0) FROM invoices i
      JOIN transactions t
        ON t.account = i.account AND t.kind = 'invoice' AND t.reference = i.id
      WHERE i.period = ?),
    moves AS (
      SELECT t.account AS account,
        sum(CASE WHEN t.sequence < first
          AND e.ledger_account IN ('receivable', 'customer_credit')
          THEN e.amount_minor ELSE 0 END) AS opening,
        sum(CASE WHEN t.sequence >= first
          AND (substr(e.ledger_account, 1, 8) = 'revenue:'
            OR substr(e.ledger_account, 1, 4) = 'tax:')
          THEN -e.amount_minor ELSE 0 END) AS invoiced,
        sum(CASE WHEN t.sequence >= first
          AND e.ledger_account IN ('gateway_clearing', 'cash')
          THEN e.amount_minor ELSE 0 END) AS paid,
        sum(CASE WHEN t.sequence >= first AND e.ledger_account = 'credits_granted'
          THEN e.amount_minor ELSE 0 END) AS credited
      FROM start CROSS JOIN transactions t JOIN entries e USING (sequence) GROUP BY t.account),
    books AS (
      SELECT a.id AS id, a.currency AS currency, coalesce(m.opening, 0) AS opening,
        coalesce(m.invoiced, 0) AS invoiced, coalesce(m.paid, 0) AS paid,
        coalesce(m.credited, 0) AS credited, a.balance_minor AS closing
      FROM accounts a LEFT JOIN moves m ON m.account = a.key)
    """
}
