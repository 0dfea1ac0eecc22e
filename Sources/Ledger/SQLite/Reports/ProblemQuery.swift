import GRDB

/// What must hold in every store at every time. Each check is one statement that finds nothing in a
/// sound store; it selects one text per finding.
struct ProblemQuery {
  let database: Database
  /// Of each kind; the first ones tell enough.
  private static let limit = 20

  func problems() throws -> [String] {
    let structure = try database.all("PRAGMA quick_check(\(Self.limit))") { $0[0] as String }
    let damage = structure.filter { $0 != "ok" }.map { "the file is damaged: \($0)" }
    if !damage.isEmpty { return damage }
    return try Self.checks.flatMap { check in
      try database.all("\(check) LIMIT \(Self.limit)") { $0[0] as String }
    }
  }

  private static let checks = [
    """
    SELECT 'transaction ' || sequence || ' has entries that sum to ' || sum(amount_minor)
    FROM entries GROUP BY sequence HAVING sum(amount_minor) <> 0
    """,
    """
    SELECT 'the entries in ' || currency || ' sum to ' || sum(amount_minor)
    FROM transactions JOIN entries USING (sequence) GROUP BY currency HAVING sum(amount_minor) <> 0
    """,
    """
    SELECT 'transaction ' || sequence || ' has no entries' FROM transactions t
    WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.sequence = t.sequence)
    """,
    """
    SELECT 'account ' || id || ' has balance ' || balance_minor || ' and credit ' || credit_minor
      || ', its entries say ' || owed || ' and ' || credit
    FROM (
      SELECT a.id, a.balance_minor, a.credit_minor,
        ifnull(sum(CASE WHEN e.ledger_account IN ('receivable', 'customer_credit')
          THEN e.amount_minor END), 0) AS owed,
        -ifnull(sum(CASE WHEN e.ledger_account = 'customer_credit'
          THEN e.amount_minor END), 0) AS credit
      FROM accounts a LEFT JOIN transactions t ON t.account = a.key
      LEFT JOIN entries e ON e.sequence = t.sequence GROUP BY a.key)
    WHERE balance_minor <> owed OR credit_minor <> credit
    """,
    """
    SELECT 'account ' || a.id || ' is at position ' || a.position || ', it has '
      || count(t.sequence) || ' transactions up to position ' || ifnull(max(t.position), 0)
    FROM accounts a LEFT JOIN transactions t ON t.account = a.key GROUP BY a.key
    HAVING count(t.sequence) <> a.position OR ifnull(max(t.position), 0) <> a.position
    """,
    """
    SELECT 'invoice ' || id || ' has open ' || open_minor || ', its entries say ' || owed
    FROM (
      SELECT i.id, i.open_minor,
        ifnull(sum(CASE WHEN e.ledger_account = 'receivable' THEN e.amount_minor END), 0) AS owed
      FROM invoices i LEFT JOIN entries e ON e.invoice = i.key GROUP BY i.key)
    WHERE open_minor <> owed
    """,
    """
    SELECT 'invoice ' || id || ' is ' || status || ' with open ' || open_minor FROM invoices
    WHERE (status = 'open') <> (open_minor <> 0) AND status <> 'void'
    """,
    """
    SELECT 'invoice ' || id || ' totals ' || total_minor || ', its lines and taxes '
      || (net + tax) FROM (
      SELECT i.id, i.total_minor,
        (SELECT ifnull(sum(amount_minor), 0) FROM invoice_lines l WHERE l.invoice = i.key) AS net,
        (SELECT ifnull(sum(amount_minor), 0) FROM invoice_taxes x WHERE x.invoice = i.key) AS tax
      FROM invoices i)
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
    WHERE t.state = 'succeeded' GROUP BY t.invoice HAVING count(*) > 1
    """,
    """
    SELECT service || ' answered message ' || message_id || ' ' || count(*) || ' times'
    FROM decisions GROUP BY message_id, service, account HAVING count(*) > 1
    """,
    """
    SELECT 'account ' || id || ' shows hold ' || ifnull(held_for_invoice, 'none')
      || ', the holds say ' || ifnull(held, 'none')
    FROM (
      SELECT a.id, a.held_for_invoice, (
        SELECT i.id FROM holds h JOIN invoices i ON i.key = h.invoice
        WHERE h.account = a.key AND h.lifted_at IS NULL ORDER BY h.key LIMIT 1) AS held
      FROM accounts a)
    WHERE held_for_invoice IS NOT held
    """,
    """
    SELECT 'the close of ' || period || ' counts ' || finished || ' finished accounts, there are '
      || found FROM (
      SELECT r.period, r.finished, (
        SELECT count(*) FROM close_members m
        WHERE m.period = r.period AND m.ended IS NOT NULL AND m.milestones & 15 = 15) AS found
      FROM close_runs r)
    WHERE finished <> found
    """,
    """
    SELECT 'usage of account ' || a.id || ' in ' || s.period || ' sums to another amount than its '
      || ifnull(u.events, 0) || ' rows'
    FROM usage_sums s JOIN accounts a ON a.key = s.account
    LEFT JOIN (
      SELECT account, period, metric, scale, sum(coefficient) AS coefficient, count(*) AS events
      FROM usage GROUP BY 1, 2, 3, 4) u USING (account, period, metric, scale)
    WHERE s.coefficient IS NOT u.coefficient OR s.events IS NOT u.events
    """,
    """
    SELECT 'there are ' || rows || ' usage rows, the sums know ' || summed
    FROM (
      SELECT (SELECT count(*) FROM usage) AS rows,
        (SELECT ifnull(sum(events), 0) FROM usage_sums) AS summed)
    WHERE rows <> summed
    """,
  ]
}
