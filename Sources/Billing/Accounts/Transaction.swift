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
    for entry in entries {
      let (next, overflow) = sum.addingReportingOverflow(entry.amountMinor)
      if overflow { throw MoneyError.overflow }
      sum = next
    }
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
