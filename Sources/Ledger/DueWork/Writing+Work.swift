import Billing

extension Writing {
  func placeHold(_ accountID: String, _ invoiceID: String) throws {
    let account = try account(accountID)
    try database.run(
      "INSERT INTO holds (account, invoice, placed_by, placed_at) VALUES (?, ?, ?, ?)",
      [
        account.key, try invoice(invoiceID, of: account).key, change.service.rawValue,
        change.at.milliseconds,
      ])
    try showHold(account)
  }

  func liftHold(_ accountID: String, _ invoiceID: String) throws {
    let account = try account(accountID)
    try database.run(
      """
      UPDATE holds SET lifted_by = ?, lifted_at = ?
      WHERE account = ? AND invoice = ? AND lifted_at IS NULL
      """,
      [
        change.service.rawValue, change.at.milliseconds, account.key,
        try invoice(invoiceID, of: account).key,
      ])
    try showHold(account)
  }

  /// An account may be held for several invoices: the first one that still holds it is shown.
  private func showHold(_ account: LedgerBalance) throws {
    try database.run(
      """
      UPDATE accounts SET held_for_invoice = (
        SELECT i.id FROM holds h JOIN invoices i ON i.key = h.invoice
        WHERE h.account = accounts.key AND h.lifted_at IS NULL ORDER BY h.key LIMIT 1)
      WHERE key = ?
      """, [account.key])
  }

  func schedule(_ work: DueWork) throws {
    let account = try account(work.account)
    try database.run(
      """
      INSERT INTO due_work
        (service, kind, reference, account, invoice, due_at, causation_id, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (service, kind, reference) DO NOTHING
      """,
      [
        work.service.rawValue, work.kind.rawValue, work.reference, account.key,
        try invoice(work.invoice, of: account).key, work.dueAt.milliseconds, work.causationID,
      ])
  }

  /// Worded so that rows are found by their invoice, never by going through all that is pending.
  /// A charge found at the gateway is still credited when nothing is open any longer.
  func cancel(_ service: ServiceName, _ kind: EventType, _ invoice: String) throws {
    guard let invoice = try book.invoice(invoice) else { return }
    let found = DueWork.rangeAboutFound(invoice: invoice.id)
    try database.run(
      """
      UPDATE due_work SET state = 'cancelled'
      WHERE invoice = ? AND service = ? AND kind = ? AND state NOT IN ('taken', 'cancelled')
        AND NOT (reference >= ? AND reference < ?)
      """,
      [
        invoice.key, service.rawValue, kind.rawValue, found.lowerBound, found.upperBound,
      ])
  }

  /// The one way back from paid: its payment was taken back.
  func oweAgain(_ accountID: String, _ period: Period) throws {
    guard let account = try book.account(accountID),
      let member = try book.member(account, period), member.ended == .paid
    else { return }
    member.ended = .awaitingPayment
    member.isChanged = true
  }

  static let invoiceOfMonth = """
    SELECT 1 FROM invoices WHERE account = ? AND period = ? AND status <> 'void' LIMIT 1
    """

  /// What is paid stays paid, and what is held stays held until it is paid: word of an earlier
  /// state may arrive late. So may word that an account is parked, which is all milestones at once
  /// and no end: it counts for nothing once the account was taken in again, or has its invoice.
  func progress(
    _ accountID: String, _ period: Period, _ reached: Milestone, _ end: AccountEnd?
  ) throws {
    guard let account = try book.account(accountID) else { return }
    guard let member = try book.member(account, period) else { return }
    if reached == .all && end == nil {
      guard member.ended == .parked else { return }
      if try database.integer(Self.invoiceOfMonth, [account.key, period.stored]) != nil { return }
    }
    let wasFinished = member.isFinished
    let isKept = member.ended == .paid || (member.ended == .held && end != .paid)
    let ended = isKept ? member.ended : end ?? member.ended
    let reached = member.reached.union(reached)
    if reached == member.reached && ended == member.ended { return }
    member.reached = reached
    member.ended = ended
    member.isChanged = true
    if !wasFinished && member.isFinished { try book.countFinished(period) }
  }
}
