import Billing

/// A payment or a credit as it was posted: what a reversal mirrors.
public struct IncomingPosting: Sendable, Equatable {
  public var account: String
  public var currency: Currency
  /// Money entry first, then the invoices it paid, then what became credit.
  public var entries: [Entry]
  /// It was taken back already.
  public var isReversed: Bool

  /// What arrived or was granted.
  public var amountMinor: Int64 {
    entries.first { [.cash, .creditsGranted].contains($0.ledgerAccount) }?.amountMinor ?? 0
  }
}

/// Credit that was used on an invoice.
public struct CreditUse: Sendable, Equatable {
  public var invoice: String
  public var amountMinor: Int64
}
