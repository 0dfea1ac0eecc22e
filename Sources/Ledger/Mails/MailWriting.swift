import Billing

extension Checks {
  func mailing(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    guard let known = try mailState(mail, account) else { return nil }
    return known.isToBeSentAgain ? nil : .mailExists(about: mail.about)
  }

  func endingMail(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    guard let known = try mailState(mail, account) else {
      throw LedgerRefusal("a mail about \(mail.about) was never intended")
    }
    return known.state == .intended ? nil : .mailEnded(about: mail.about)
  }

  func reopeningMail(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    return try mailState(mail, account)?.state == mail.state
      ? nil : .mailEnded(about: mail.about)
  }

  private func mailState(_ mail: MailRecord, _ account: LedgerBalance) throws -> MailRecord? {
    try database.first(
      MailColumns.ofKey, [mail.about, account.key, mail.kind.rawValue], of: MailColumns.self
    ) { try MailColumns.mail($0, account: mail.account) }
  }
}

extension Writing {
  /// One that is there already is one that an operator wants sent again.
  func begin(_ mail: MailRecord) throws {
    let ended = mail.state == .intended ? nil : change.at.milliseconds
    try database.run(
      """
      INSERT INTO mails
        (about, account, kind, period, message_id, state, reason, recorded_at, ended_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (about, account, kind) DO UPDATE
      SET state = excluded.state, reason = excluded.reason, ended_at = excluded.ended_at
      """,
      [
        mail.about, try account(mail.account).key, mail.kind.rawValue, mail.period?.stored,
        mail.messageID, mail.state.rawValue, mail.reason, change.at.milliseconds, ended,
      ])
  }

  /// One that its receiver may have from an earlier sending stays one, whatever is known to the
  /// process that says how it ended.
  func end(_ mail: MailRecord) throws {
    let perhaps =
      mail.state == .sent ? MailRecord.resent : MailRecord.perhapsSent(because: mail.reason)
    try database.run(
      """
      UPDATE mails
      SET state = ?4, ended_at = ?5, reason = CASE WHEN \(Self.isPerhapsSent) THEN ?7 ELSE ?8 END
      WHERE about = ?1 AND account = ?2 AND kind = ?3
      """,
      [
        mail.about, try account(mail.account).key, mail.kind.rawValue, mail.state.rawValue,
        change.at.milliseconds, MailRecord.perhapsSent, perhaps, mail.reason,
      ])
  }

  private static let isPerhapsSent =
    "substr(coalesce(reason, ''), 1, length(CAST(?6 AS text))) = ?6"

  /// Counted once; a mail still intended has no outcome yet.
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

  func noteWaiting(_ key: MailKey, _ why: String) throws {
    try database.run(
      """
      UPDATE mails SET reason = CASE WHEN \(Self.isPerhapsSent) THEN ?5 ELSE ?4 END
      WHERE about = ?1 AND account = ?2 AND kind = ?3 AND state = 'intended'
      """,
      [
        key.about, try account(key.account).key, key.kind.rawValue, why,
        MailRecord.perhapsSent(because: why), MailRecord.perhapsSent,
      ])
  }

  /// What is known of an earlier sending stays known.
  func reopen(_ mail: MailRecord) throws {
    let isPerhapsThere = mail.state == .sent || mail.isPerhapsSent
    try database.run(
      """
      UPDATE mails SET state = 'intended', reason = ?, ended_at = NULL
      WHERE about = ? AND account = ? AND kind = ?
      """,
      [
        MailRecord.again + (isPerhapsThere ? MailRecord.perhapsSent : ""), mail.about,
        try account(mail.account).key, mail.kind.rawValue,
      ])
  }
}
