import Billing

extension LedgerStore {
  /// Which of these invoices an account was on hold for once, and is no more.
  public func released(_ invoices: [String]) async throws -> Set<String> {
    let found = try await readEach(invoices) { database in
      { id in
        try database.text(
          """
          SELECT i.id FROM invoices i WHERE i.id = ? AND EXISTS (
            SELECT 1 FROM holds h
            WHERE h.account = i.account AND h.invoice = i.key AND h.lifted_at IS NOT NULL)
          """, [id])
      }
    }
    return Set(found.compactMap { $0 })
  }
}

extension Checks {
  func hold(
    _ account: String, _ invoice: String, _ judge: (Bool) -> StaleReason?
  ) throws -> StaleReason? {
    if let reason = try known(account, invoice) { return reason }
    let active = try database.integer(
      """
      SELECT h.key FROM holds h JOIN invoices i ON i.key = h.invoice
      WHERE i.id = ? AND h.account = i.account AND h.lifted_at IS NULL
      """, [invoice])
    return judge(active != nil)
  }
}

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
}
