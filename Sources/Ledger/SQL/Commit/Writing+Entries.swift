import Billing

extension Writing {
  /// Entries first, then the transaction that seals them.
  func post(_ transaction: Transaction) throws {
    let account = try account(transaction.account)
    guard transaction.currency.code == account.currency else {
      throw LedgerRefusal(
        "\(transaction.kind.rawValue) \(transaction.reference) is in \(transaction.currency), "
          + "account \(account.id) in \(account.currency)")
    }
    let sequence = try book.nextTransaction()
    for (line, entry) in transaction.entries.enumerated() {
      let owed = try entry.invoice.map { try invoice($0, of: account) }
      try apply(entry, to: account, owed)
      try database.run(
        """
        INSERT INTO entries (sequence, line, ledger_account, amount_minor, invoice)
        VALUES (?, ?, ?, ?, ?)
        """, [sequence, line + 1, entry.ledgerAccount.name, entry.amountMinor, owed?.key])
    }
    account.position += 1
    account.isChanged = true
    if account.creditMinor < 0 {
      throw LedgerRefusal(
        "\(transaction.kind.rawValue) \(transaction.reference) uses more credit than account "
          + "\(account.id) has")
    }
    try database.run(
      """
      INSERT INTO transactions
        (sequence, account, position, kind, reference, currency, service, posted_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        sequence, account.key, account.position, transaction.kind.rawValue,
        transaction.reference, account.currency, change.service.rawValue,
        change.at.milliseconds,
      ])
  }

  private func apply(_ entry: Entry, to account: LedgerBalance, _ invoice: OpenAmount?) throws {
    switch entry.ledgerAccount {
    case .receivable:
      account.balanceMinor = try sum(account.balanceMinor, entry.amountMinor, account)
      guard let invoice else { return }
      invoice.openMinor = try sum(invoice.openMinor, entry.amountMinor, account)
      invoice.isChanged = true
    case .customerCredit:
      account.balanceMinor = try sum(account.balanceMinor, entry.amountMinor, account)
      guard entry.amountMinor != .min else { throw tooLarge(account) }
      account.creditMinor = try sum(account.creditMinor, -entry.amountMinor, account)
    case .revenue, .tax, .gatewayClearing, .cash, .creditsGranted: break
    }
  }

  private func sum(_ one: Int64, _ other: Int64, _ account: LedgerBalance) throws -> Int64 {
    let (sum, overflow) = one.addingReportingOverflow(other)
    if overflow { throw tooLarge(account) }
    return sum
  }

  private func tooLarge(_ account: LedgerBalance) -> LedgerRefusal {
    LedgerRefusal("the balance of account \(account.id) is too large to be kept")
  }

  func begin(_ attempt: Attempt) throws {
    let invoice = try invoice(attempt.invoice, of: try account(attempt.account))
    try database.run(
      """
      INSERT INTO attempts
        (invoice, number, key, amount_minor, currency, state, gateway_id, decline_code, rule,
         created_at, settled_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        invoice.key, attempt.number, attempt.key, attempt.amountMinor, attempt.currency.code,
        attempt.state.rawValue, attempt.gatewayID, attempt.declineCode, attempt.rule,
        attempt.createdAt.milliseconds, attempt.settledAt?.milliseconds,
      ])
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
