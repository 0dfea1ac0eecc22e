import Billing

extension Writing {
  func begin(_ mail: MailRecord) throws {
    let ended = mail.state == .intended ? nil : change.at.milliseconds
    try database.run(
      """
      INSERT INTO mails
        (about, account, kind, period, message_id, state, reason, recorded_at, ended_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        mail.about, try account(mail.account).key, mail.kind.rawValue, mail.period?.stored,
        mail.messageID, mail.state.rawValue, mail.reason, change.at.milliseconds, ended,
      ])
  }

  func end(_ mail: MailRecord) throws {
    try database.run(
      """
      UPDATE mails SET state = ?, reason = ?, ended_at = ?
      WHERE about = ? AND account = ? AND kind = ?
      """,
      [
        mail.state.rawValue, mail.reason, change.at.milliseconds, mail.about,
        try account(mail.account).key, mail.kind.rawValue,
      ])
  }

  /// Counted once; what is still intended has its end to come.
  func countAgain(_ key: MailKey) throws {
    try database.run(
      """
      UPDATE mails
      SET reason = CASE state WHEN 'sent' THEN ?4 ELSE ?5 || coalesce(reason, '') END
      WHERE about = ?1 AND account = ?2 AND kind = ?3 AND state <> 'intended'
        AND coalesce(reason, '') <> ?4
        AND substr(coalesce(reason, ''), 1, length(CAST(?5 AS text))) <> ?5
      """,
      [
        key.about, try account(key.account).key, key.kind.rawValue, MailRecord.resent,
        MailRecord.perhapsSent,
      ])
  }

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
  func cancel(_ service: ServiceName, _ kind: EventType, _ invoice: String) throws {
    guard let invoice = try book.invoice(invoice) else { return }
    try database.run(
      """
      UPDATE due_work SET state = 'cancelled'
      WHERE invoice = ? AND service = ? AND kind = ? AND state NOT IN ('taken', 'cancelled')
      """, [invoice.key, service.rawValue, kind.rawValue])
  }

  /// What is paid stays paid, and what is held stays held until it is paid: word of an earlier
  /// state may arrive late.
  func progress(
    _ accountID: String, _ period: Period, _ reached: Milestone, _ end: AccountEnd?
  ) throws {
    guard let account = try book.account(accountID) else { return }
    guard let member = try book.member(account, period) else { return }
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
