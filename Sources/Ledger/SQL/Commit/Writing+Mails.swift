import Billing

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

  func end(_ mail: MailRecord) throws { try end(mail, at: change.at.milliseconds) }

  private func end(_ mail: MailRecord, at ended: Int64?) throws {
    try database.run(
      """
      UPDATE mails SET state = ?, reason = ?, ended_at = ?
      WHERE about = ? AND account = ? AND kind = ?
      """,
      [
        mail.state.rawValue, mail.reason, ended, mail.about,
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

  func noteWaiting(_ key: MailKey, _ why: String) throws {
    try database.run(
      """
      UPDATE mails SET reason = ?
      WHERE about = ? AND account = ? AND kind = ? AND state = 'intended'
      """, [why, key.about, try account(key.account).key, key.kind.rawValue])
  }

  /// What is known of an earlier sending stays known.
  func reopen(_ mail: MailRecord) throws {
    var mail = mail
    let isPerhapsThere = mail.state == .sent || mail.isPerhapsSent
    mail.state = .intended
    mail.reason = MailRecord.again + (isPerhapsThere ? MailRecord.perhapsSent : "")
    try end(mail, at: nil)
  }
}
