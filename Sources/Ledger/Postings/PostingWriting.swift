import Billing

extension Checks {
  func posting(_ transaction: Transaction) throws -> StaleReason? {
    guard let account = try book.account(transaction.account) else {
      return .unknownAccount(transaction.account)
    }
    for entry in transaction.entries {
      if let invoice = entry.invoice, let reason = try unknown(invoice) { return reason }
    }
    let kind = transaction.kind.rawValue
    let posted = try database.integer(
      "SELECT sequence FROM transactions WHERE account = ? AND kind = ? AND reference = ?",
      [account.key, kind, transaction.reference])
    if transaction.kind.reversal != nil,
      let owner = try ReferenceRows(database: database)
        .owner(transaction.reference, transaction.kind), owner.key != account.key
    {
      return .referenceOfAnother(transaction.reference, account: owner.id)
    }
    let isNew = references.insert("\(account.key) \(kind) \(transaction.reference)").inserted
    return posted == nil && isNew ? nil : .referencePosted(transaction.reference)
  }
}

extension Writing {
  /// Entries first, then the transaction that seals them.
  func post(_ transaction: Transaction) throws {
    let account = try account(transaction.account)
    guard transaction.currency.code == account.currency else {
      throw LedgerRefusal(
        "\(transaction.kind.rawValue) \(transaction.reference) is in \(transaction.currency), "
          + "account \(account.id) in \(account.currency)")
    }
    let before = account.balanceMinor
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
    try checkLimits(transaction, account, since: before)
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
    try ReferenceRows(database: database).record(transaction, of: account)
  }

  /// What comes from outside is bounded. What a card was charged with is money that was taken, and
  /// what takes a posting back makes sums smaller: both are always posted.
  private func checkLimits(
    _ transaction: Transaction, _ account: LedgerBalance, since before: Int64
  ) throws {
    switch transaction.kind {
    case .invoice, .payment, .creditGrant: break
    case .creditApplied, .charge, .paymentReversal, .creditReversal: return
    }
    if transaction.entries.contains(where: { !Money.isWithinLimit($0.amountMinor) }) {
      throw LedgerRefusal(
        "\(transaction.kind.rawValue) \(transaction.reference): "
          + "\(MoneyError.aboveLimit(transaction.currency))")
    }
    let balance = account.balanceMinor.magnitude
    if balance > UInt64(Money.largestBalanceMinor), balance > before.magnitude {
      throw tooLarge(account)
    }
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
    LedgerRefusal("the balance of account \(account.id) is too large to store")
  }
}
