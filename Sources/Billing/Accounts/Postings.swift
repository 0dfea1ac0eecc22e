/// The transactions a close makes. Each is balanced by construction, or refuses to exist.
extension Transaction {
  /// Revenue by product and tax by rate against what the customer owes. An invoice below zero owes
  /// nothing: its amount becomes customer credit. `nil` when no account moves.
  public static func issuing(_ draft: InvoiceDraft) throws -> Transaction? {
    var entries: [Entry] = []
    for line in draft.lines where line.amountMinor != 0 {
      entries.append(Entry(.revenue(product: line.product), -line.amountMinor))
    }
    for tax in draft.taxes where tax.amountMinor != 0 {
      entries.append(Entry(.tax(name: tax.name, rate: tax.rate), -tax.amountMinor))
    }
    if draft.totalMinor > 0 {
      entries.append(Entry(.receivable, draft.totalMinor, invoice: draft.id))
    } else if draft.totalMinor < 0 {
      entries.append(Entry(.customerCredit, draft.totalMinor))
    }
    if entries.isEmpty { return nil }
    return try Transaction(
      kind: .invoice, account: draft.account, currency: draft.currency, reference: draft.id,
      entries: entries)
  }

  /// Credit used on an invoice.
  public static func applyingCredit(
    _ amountMinor: Int64, to invoice: String, of account: Account
  ) throws -> Transaction {
    try Transaction(
      kind: .creditApplied, account: account.id, currency: account.currency,
      reference: invoice,
      entries: [
        Entry(.customerCredit, amountMinor),
        Entry(.receivable, -amountMinor, invoice: invoice),
      ])
  }

  /// Money the gateway took for an attempt. What is no longer open becomes customer credit: the
  /// money was taken, so the ledger says so.
  public static func charge(_ attempt: Attempt, openMinor: Int64) throws -> Transaction {
    let applied = min(attempt.amountMinor, max(openMinor, 0))
    var entries = [Entry(.gatewayClearing, attempt.amountMinor)]
    if applied > 0 { entries.append(Entry(.receivable, -applied, invoice: attempt.invoice)) }
    let rest = attempt.amountMinor - applied
    if rest > 0 { entries.append(Entry(.customerCredit, -rest)) }
    return try Transaction(
      kind: .charge, account: attempt.account, currency: attempt.currency,
      reference: attempt.key, entries: entries)
  }

  /// Money or credit distributed over open invoices, oldest first; the rest becomes customer
  /// credit.
  public static func incoming(
    _ kind: Kind, from source: LedgerAccount, amountMinor: Int64, reference: String,
    account: Account, open: [InvoiceFacts]
  ) throws -> Transaction {
    var entries = [Entry(source, amountMinor)]
    var rest = amountMinor
    for invoice in open where rest > 0 && invoice.openMinor > 0 {
      let part = min(rest, invoice.openMinor)
      entries.append(Entry(.receivable, -part, invoice: invoice.id))
      rest -= part
    }
    if rest > 0 { entries.append(Entry(.customerCredit, -rest)) }
    return try Transaction(
      kind: kind, account: account.id, currency: account.currency, reference: reference,
      entries: entries)
  }
}

extension AccountFacts {
  /// The facts as they will be once the ledger has posted `transaction`; the ledger does the same.
  public func after(_ transaction: Transaction) throws -> AccountFacts {
    var next = self
    next.position += 1
    for entry in transaction.entries {
      switch entry.ledgerAccount {
      case .receivable:
        next.balanceMinor = try next.balanceMinor.adding(entry.amountMinor)
        if let id = entry.invoice, next.invoice?.id == id {
          let open = try (next.invoice?.openMinor ?? 0).adding(entry.amountMinor)
          next.invoice?.openMinor = open
          if open == 0 && next.invoice?.status == .open { next.invoice?.status = .paid }
          if open > 0 && next.invoice?.status == .paid { next.invoice?.status = .open }
        }
      case .customerCredit:
        next.balanceMinor = try next.balanceMinor.adding(entry.amountMinor)
        next.creditMinor = try next.creditMinor.adding(-entry.amountMinor)
      case .revenue, .tax, .gatewayClearing, .cash, .creditsGranted: break
      }
    }
    return next
  }
}

extension Int64 {
  package func adding(_ other: Int64) throws -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    if overflow { throw MoneyError.overflow }
    return sum
  }
}
