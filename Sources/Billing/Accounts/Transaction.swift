/// The accounts of the general ledger that a close touches.
public enum LedgerAccount: Hashable, Sendable {
  /// What a customer owes.
  case receivable
  /// Revenue of one product of the catalog.
  case revenue(product: String)
  /// Tax collected for the state, one account per name and rate (`MWST 0.081`).
  case tax(name: String, rate: String)
  /// Money the payment gateway took and has not paid out.
  case gatewayClearing
  /// Money that arrived outside the gateway (`payment record`).
  case cash
  /// What we owe a customer: credits granted, overpayments.
  case customerCredit
  /// The cost of credits granted.
  case creditsGranted

  /// The name under which it is stored: `revenue:electricity`, `tax:MWST:0.081`.
  public var name: String {
    switch self {
    case .receivable: "receivable"
    case .revenue(let product): "revenue:\(product)"
    case .tax(let name, let rate): "tax:\(name):\(rate)"
    case .gatewayClearing: "gateway_clearing"
    case .cash: "cash"
    case .customerCredit: "customer_credit"
    case .creditsGranted: "credits_granted"
    }
  }
}

/// One line of a transaction. Debits are positive, credits negative.
public struct Entry: Hashable, Sendable {
  public var ledgerAccount: LedgerAccount
  public var amountMinor: Int64
  /// Set on receivable entries: the invoice whose open amount it moves.
  public var invoice: String?

  public init(_ ledgerAccount: LedgerAccount, _ amountMinor: Int64, invoice: String? = nil) {
    self.ledgerAccount = ledgerAccount
    self.amountMinor = amountMinor
    self.invoice = invoice
  }
}

/// Balanced entries in one currency on one customer's account; posting it moves the account's
/// position by one. Never changed or deleted once posted.
public struct Transaction: Sendable, Equatable {
  public enum Kind: String, Sendable {
    case invoice, creditApplied, charge, payment, creditGrant
    /// A reversed payment or credit, under the same reference.
    case paymentReversal, creditReversal

    /// The kind that reverses a posting made by an operator; `nil` if it cannot be reversed.
    public var reversal: Kind? {
      switch self {
      case .payment: .paymentReversal
      case .creditGrant: .creditReversal
      case .invoice, .creditApplied, .charge, .paymentReversal, .creditReversal: nil
      }
    }
  }
  public var kind: Kind
  public var account: String
  public var currency: Currency
  /// Unique per kind and account: the same reference is posted once, however often it is requested.
  public var reference: String
  public var entries: [Entry]

  public init(
    kind: Kind, account: String, currency: Currency, reference: String, entries: [Entry]
  ) throws {
    var sum: Int64 = 0
    for entry in entries { sum = try sum.adding(entry.amountMinor) }
    guard sum == 0 else { throw TransactionError.unbalanced(kind.rawValue, reference, sum) }
    self.kind = kind
    self.account = account
    self.currency = currency
    self.reference = reference
    self.entries = entries
  }
}

public enum TransactionError: Error, Equatable {
  /// Kind, reference, and by how many minor units the debits exceed the credits.
  case unbalanced(String, String, Int64)
}

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
