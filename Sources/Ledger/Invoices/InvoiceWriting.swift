import Billing

extension Checks {
  private static let invoiceOfMonth = InvoiceOfMonth.select("i.id", account: "?", period: "?")

  func issuing(_ draft: InvoiceDraft) throws -> StaleReason? {
    guard let account = try book.account(draft.account) else {
      return .unknownAccount(draft.account)
    }
    let existing = try database.text(Self.invoiceOfMonth, [account.key, draft.period.stored])
    if let existing { return .invoiceExists(existing) }
    return issued.insert(draft.id).inserted ? nil : .invoiceExists(draft.id)
  }
}

extension Writing {
  /// Owes nothing yet: what is open of it follows from the entries that are posted.
  func issue(_ draft: InvoiceDraft) throws {
    let account = try account(draft.account)
    guard draft.currency.code == account.currency else {
      throw LedgerRefusal(
        "invoice \(draft.id) is in \(draft.currency), its account in \(account.currency)")
    }
    let key = try database.newKey(.invoices)
    try database.run(
      """
      INSERT INTO invoices
        (key, id, number, account, period, currency, catalog_version, net_minor, tax_minor,
         total_minor, open_minor, status, issued_at, active_days)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'open', ?, ?)
      """,
      [
        key, draft.id, try book.nextInvoiceNumber(), account.key, draft.period.stored,
        account.currency, draft.catalogVersion, draft.netMinor, draft.taxMinor,
        draft.totalMinor, change.at.milliseconds, draft.days.stored,
      ])
    let invoice = OpenAmount(
      key: key, id: draft.id, account: account.key, openMinor: 0,
      status: .open)
    invoice.isChanged = true
    book.add(invoice)
    try insertLines(draft, invoice.key)
    try recordBilled(draft, account)
  }

  private func insertLines(_ draft: InvoiceDraft, _ invoice: Int64) throws {
    for (number, line) in draft.lines.enumerated() {
      try database.run(
        """
        INSERT INTO invoice_lines
          (invoice, line, product, text, quantity, unit, amount_minor, tax_name, tax_rate,
           corrects_period)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          invoice, number + 1, line.product, line.text, line.quantity?.description, line.unit,
          line.amountMinor, line.taxName, line.taxRate, line.correctsPeriod?.stored,
        ])
    }
    for (number, tax) in draft.taxes.enumerated() {
      try database.run(
        """
        INSERT INTO invoice_taxes (invoice, line, name, rate, taxable_minor, amount_minor)
        VALUES (?, ?, ?, ?, ?, ?)
        """, [invoice, number + 1, tax.name, tax.rate, tax.taxableMinor, tax.amountMinor])
    }
  }

  /// Only what the draft names is cleared: the usage of a period that was left to its own close, or
  /// that nobody prices yet, is not forgotten.
  private func recordBilled(_ draft: InvoiceDraft, _ account: LedgerBalance) throws {
    for billed in draft.billed {
      try database.run(
        """
        INSERT INTO billed_usage (account, period, product, quantity, amount_minor)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (account, period, product) DO UPDATE
        SET quantity = excluded.quantity, amount_minor = excluded.amount_minor
        """,
        [
          account.key, billed.period.stored, billed.product, billed.quantity.description,
          billed.amountMinor,
        ])
    }
    let periods = Set(draft.billed.map(\.period)).union([draft.period])
    for period in periods.sorted() {
      try database.run(
        "DELETE FROM unbilled_periods WHERE account = ? AND period = ?",
        [account.key, period.stored])
    }
    if periods.count > 1 { try outdateOtherDrafts(of: account) }
  }

  /// Another close of the same moment may have rated the same late usage. Its draft is refused,
  /// even where this one came to zero and moved no balance.
  private func outdateOtherDrafts(of account: LedgerBalance) throws {
    account.usageVersion += 1
    try database.run(
      AccountColumns.outdatingDrafts, [account.key])
  }
}
