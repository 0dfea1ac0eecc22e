import Billing

extension LedgerStore {
  /// Empty when the store is sound; otherwise what is wrong, a line each.
  public func problems() async throws -> [String] {
    try await read(.tables) { [connections] database in
      let damage = try connections.damage(database, limit: ProblemQuery.limit)
      return try damage.isEmpty ? ProblemQuery(database: database).problems() : damage
    }
  }
}

/// What must always hold in every store. Each check is one statement that finds nothing in a sound
/// store; it selects one text per finding.
struct ProblemQuery {
  let database: any SQLSession
  /// Per kind; the first ones are enough.
  static let limit = 20

  func problems() throws -> [String] {
    try Self.checks.flatMap { check in
      try database.texts("\(check) LIMIT \(Self.limit)")
    }
  }

  private static let owed = """
    CASE WHEN e.ledger_account IN ('receivable', 'customer_credit') THEN e.amount_minor END
    """
  private static let credit = """
    CASE WHEN e.ledger_account = 'customer_credit' THEN -e.amount_minor END
    """

  private static let checks = [
    """
    SELECT 'transaction ' || sequence || ' has entries that do not sum to 0'
    FROM entries GROUP BY sequence HAVING \(WideSum.differs("amount_minor"))
    """,
    """
    SELECT 'the entries in ' || currency || ' do not sum to 0'
    FROM transactions JOIN entries USING (sequence)
    GROUP BY currency HAVING \(WideSum.differs("amount_minor"))
    """,
    """
    SELECT 'transaction ' || sequence || ' has no entries' FROM transactions t
    WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.sequence = t.sequence)
    """,
    """
    SELECT 'account ' || a.id || ' has balance ' || a.balance_minor || ' and credit '
      || a.credit_minor || ', its entries say otherwise'
    FROM accounts a LEFT JOIN transactions t ON t.account = a.key
    LEFT JOIN entries e ON e.sequence = t.sequence GROUP BY a.key
    HAVING \(WideSum.differs(owed, from: "a.balance_minor"))
      OR \(WideSum.differs(credit, from: "a.credit_minor"))
    """,
    """
    SELECT 'account ' || a.id || ' is at position ' || a.position || ', it has '
      || count(t.sequence) || ' transactions up to position ' || coalesce(max(t.position), 0)
    FROM accounts a LEFT JOIN transactions t ON t.account = a.key GROUP BY a.key
    HAVING count(t.sequence) <> a.position OR coalesce(max(t.position), 0) <> a.position
    """,
    """
    SELECT 'invoice ' || i.id || ' has open ' || i.open_minor || ', its entries say otherwise'
    FROM invoices i
    LEFT JOIN entries e ON e.invoice = i.key AND e.ledger_account = 'receivable'
    GROUP BY i.key HAVING \(WideSum.differs("e.amount_minor", from: "i.open_minor"))
    """,
    """
    SELECT 'invoice ' || id || ' is ' || status || ' with open ' || open_minor FROM invoices
    WHERE (status = 'open') <> (open_minor <> 0)
    """,
    """
    SELECT 'invoice ' || id || ' totals ' || total_minor || ', its lines and taxes '
      || (net + tax) FROM (
      SELECT i.id, i.total_minor,
        (SELECT coalesce(sum(amount_minor), 0) FROM invoice_lines l WHERE l.invoice = i.key) AS net,
        (SELECT coalesce(sum(amount_minor), 0) FROM invoice_taxes x WHERE x.invoice = i.key) AS tax
      FROM invoices i) AS x
    WHERE total_minor <> net + tax
    """,
    """
    SELECT 'invoice numbers have gaps: ' || count(*) || ' invoices, numbers '
      || min(number) || ' to ' || max(number) || ', counter '
      || (SELECT value FROM counters WHERE name = 'invoice_number')
    FROM invoices
    HAVING count(*) > 0 AND (min(number) <> 1 OR max(number) <> count(*)
      OR max(number) <> (SELECT value FROM counters WHERE name = 'invoice_number'))
    """,
    """
    SELECT 'invoice ' || i.id || ' has ' || count(*) || ' charges that succeeded'
    FROM attempts t JOIN invoices i ON i.key = t.invoice
    WHERE t.state = 'succeeded' GROUP BY t.invoice, i.id HAVING count(*) > 1
    """,
    """
    SELECT service || ' answered message ' || message_id || ' ' || count(*) || ' times'
    FROM decisions GROUP BY message_id, service, account HAVING count(*) > 1
    """,
    """
    SELECT 'account ' || id || ' shows hold ' || coalesce(held_for_invoice, 'none')
      || ', the holds say ' || coalesce(held, 'none')
    FROM (
      SELECT a.id, a.held_for_invoice, (
        SELECT i.id FROM holds h JOIN invoices i ON i.key = h.invoice
        WHERE h.account = a.key AND h.lifted_at IS NULL ORDER BY h.key LIMIT 1) AS held
      FROM accounts a) AS x
    WHERE held_for_invoice IS DISTINCT FROM held
    """,
    """
    SELECT 'the close of ' || period || ' counts ' || finished || ' finished accounts, there are '
      || found FROM (
      SELECT r.period, r.finished, (
        SELECT count(*) FROM close_members m
        WHERE m.period = r.period AND \(Milestone.isFinished)) AS found
      FROM close_runs r) AS x
    WHERE finished <> found
    """,
    """
    SELECT 'usage of account ' || a.id || ' in ' || s.period || ' sums to another amount than its '
      || coalesce(u.events, 0) || ' rows'
    FROM usage_sums s JOIN accounts a ON a.key = s.account
    LEFT JOIN (
      SELECT account, period, metric, scale, \(WideSum.sql("coefficient", as: "sum")),
        count(*) AS events
      FROM usage GROUP BY 1, 2, 3, 4) u USING (account, period, metric, scale)
    WHERE s.events IS DISTINCT FROM u.events
      OR \(WideSum.differs("u.sum_high", "u.sum_low", from: "s.coefficient"))
    """,
    """
    SELECT 'there are ' || rows || ' usage rows, the sums know ' || summed
    FROM (
      SELECT (SELECT count(*) FROM usage) AS rows,
        (SELECT coalesce(sum(events), 0) FROM usage_sums) AS summed) AS x
    WHERE rows <> summed
    """,
  ]
}
