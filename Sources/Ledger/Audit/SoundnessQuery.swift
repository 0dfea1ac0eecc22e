import Billing

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
      "SELECT count(*) FROM invoices WHERE period = ? AND status <> 'void'", [period.stored])
    tally.invoicedTwice = try database.offenders(
      """
      SELECT a.id FROM invoices i JOIN accounts a ON a.key = i.account
      WHERE i.period = ? AND i.status <> 'void' GROUP BY a.key HAVING count(*) > 1 ORDER BY a.id
      """, [period.stored])
    tally.moved = try database.offenders(
      """
      SELECT i.id FROM invoices i
      WHERE i.period = ? AND i.status <> 'void' AND (
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

extension SQLSession {
  func count(_ sql: String, _ values: SQLValues = []) throws -> Int {
    Int(try integer(sql, values) ?? 0)
  }

  /// The first column of every row the statement finds.
  func offenders(_ sql: String, _ values: SQLValues = []) throws -> Violations {
    Violations(try texts(sql, values))
  }
}
