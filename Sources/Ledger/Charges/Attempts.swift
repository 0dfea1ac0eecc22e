import Billing

enum AttemptColumns: String, ColumnList {
  case number = "t.number"
  case key = "t.key"
  case amountMinor = "t.amount_minor"
  case currency = "t.currency"
  case state = "t.state"
  case gatewayID = "t.gateway_id"
  case declineCode = "t.decline_code"
  case paymentMethod = "t.payment_method"
  case rule = "t.rule"
  case createdAt = "t.created_at"
  case settledAt = "t.settled_at"

  static let sql = selected()

  /// As the charger numbers it: what was lost is no attempt. A text, of an invoice's key.
  static func nextNumber(of invoice: String) -> String {
    """
    (SELECT CAST(count(*) + 1 AS text) FROM attempts n
      WHERE n.invoice = \(invoice) AND n.state <> 'lost')
    """
  }

  static func attempt(_ row: Record<Self>, invoice: String, account: String) throws -> Attempt {
    Attempt(
      invoice: invoice, account: account, number: row[.number], key: row[.key],
      amountMinor: row[.amountMinor], currency: try Currency(row[.currency] as String),
      state: try row.word(.state), gatewayID: row[.gatewayID], declineCode: row[.declineCode],
      paymentMethod: row[.paymentMethod], rule: row[.rule],
      createdAt: Instant(milliseconds: row[.createdAt]),
      settledAt: Instant(stored: row[.settledAt]))
  }
}

extension Checks {
  /// A new attempt only after the last one is known to have failed.
  func attempting(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    let isNew = attempts.insert("\(attempt.invoice) \(attempt.number)").inserted
    let existing =
      try book.invoice(attempt.invoice).flatMap { invoice in
        try database.integer(
          """
          SELECT number FROM attempts WHERE invoice = ?
            AND (number = ? OR state IN ('sent', 'unknown', 'succeeded'))
          """, [invoice.key, attempt.number])
      }
      ?? database.integer("SELECT number FROM attempts WHERE key = ?", [attempt.key])
    if let existing { return .attemptExists(invoice: attempt.invoice, number: Int(existing)) }
    return isNew ? nil : .attemptExists(invoice: attempt.invoice, number: attempt.number)
  }

  func settling(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    if attempts.contains("\(attempt.invoice) \(attempt.number)") { return nil }
    return try state(of: attempt).isUnsettled
      ? nil : .attemptSettled(invoice: attempt.invoice, number: attempt.number)
  }

  func reopening(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    return try state(of: attempt) == .parked
      ? nil : .attemptSettled(invoice: attempt.invoice, number: attempt.number)
  }

  private func state(of attempt: Attempt) throws -> AttemptState {
    let state = try book.invoice(attempt.invoice).flatMap { invoice in
      try database.first(
        "SELECT state FROM attempts WHERE invoice = ? AND number = ?",
        [invoice.key, attempt.number]
      ) { try $0.word(at: 0, AttemptState.self) }
    }
    guard let state else {
      throw LedgerRefusal("attempt \(attempt.number) on \(attempt.invoice) was never made")
    }
    return state
  }
}

extension Writing {
  func begin(_ attempt: Attempt) throws {
    let invoice = try invoice(attempt.invoice, of: try account(attempt.account))
    try database.run(
      """
      INSERT INTO attempts
        (invoice, number, key, amount_minor, currency, state, gateway_id, decline_code, rule,
         created_at, settled_at, payment_method)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        invoice.key, attempt.number, attempt.key, attempt.amountMinor, attempt.currency.code,
        attempt.state.rawValue, attempt.gatewayID, attempt.declineCode, attempt.rule,
        attempt.createdAt.milliseconds, attempt.settledAt?.milliseconds, attempt.paymentMethod,
      ])
  }

  /// A person wants it looked at again: only the gateway knows what became of it.
  func reopen(_ attempt: Attempt) throws {
    let invoice = try invoice(attempt.invoice, of: try account(attempt.account))
    try database.run(
      """
      UPDATE attempts SET state = 'unknown', settled_at = NULL
      WHERE invoice = ? AND number = ? AND state = 'parked'
      """, [invoice.key, attempt.number])
  }

  /// Key and amount stay as they were stored before the first byte was sent.
  func settle(_ attempt: Attempt) throws {
    let invoice = try invoice(attempt.invoice, of: try account(attempt.account))
    try database.run(
      """
      UPDATE attempts SET state = ?, gateway_id = ?, decline_code = ?, rule = ?, settled_at = ?
      WHERE invoice = ? AND number = ?
      """,
      [
        attempt.state.rawValue, attempt.gatewayID, attempt.declineCode, attempt.rule,
        attempt.settledAt?.milliseconds, invoice.key, attempt.number,
      ])
  }
}

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
      SELECT ?1, ?2, i.id || '#card@' || CAST(?3 AS text) || ':'
          || \(AttemptColumns.nextNumber(of: "i.key")),
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
