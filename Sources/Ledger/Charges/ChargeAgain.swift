import Billing

/// Another card for an account: its open invoices are charged with it, where the last attempt was
/// declined or refused and no other is to come.
struct ChargeAgain {
  let database: any SQLSession
  let account: Int64
  let at: Instant

  init(_ database: any SQLSession, account: Int64, at: Instant) {
    self.database = database
    self.account = account
    self.at = at
  }

  /// The charger decides: what it may charge, and whether the card may be tried again.
  func schedule() throws {
    try database.run(
      """
      INSERT INTO due_work
        (service, kind, reference, account, invoice, due_at, causation_id, state)
      SELECT ?1, ?2, i.id || '#card@' || CAST(?3 AS text) || ':' || CAST((
            SELECT count(*) + 1 FROM attempts p WHERE p.invoice = i.key AND p.state <> 'lost')
          AS text),
        i.account, i.key, CAST(?4 AS bigint), NULL, 'pending'
      FROM invoices i
      WHERE i.account = ?5 AND i.status = 'open' AND i.open_minor > 0
        AND EXISTS (SELECT 1 FROM attempts p WHERE p.invoice = i.key)
        AND NOT EXISTS (SELECT 1 FROM attempts p WHERE p.invoice = i.key
          AND p.state NOT IN ('lost', 'declinedSoft', 'declinedHard'))
        AND NOT EXISTS (SELECT 1 FROM due_work d WHERE d.invoice = i.key
          AND d.service = ?1 AND d.kind = ?2 AND d.state = 'pending')
      ON CONFLICT (service, kind, reference) DO NOTHING
      """,
      [
        ServiceName.charger.rawValue, EventType.dueCharge.rawValue, at.rfc3339, at.milliseconds,
        account,
      ])
  }
}

extension Account {
  func isNewCard(after before: Account) -> Bool {
    collection == .auto && paymentMethod != nil
      && (paymentMethod != before.paymentMethod || before.collection != .auto)
  }
}
