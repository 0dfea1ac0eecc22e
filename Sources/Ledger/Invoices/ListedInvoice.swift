import Billing

/// An invoice in a list: with its net amount and its tax, without its lines.
public struct ListedInvoice: Sendable, Equatable {
  public var facts: InvoiceFacts
  public var netMinor: Int64
  public var taxMinor: Int64

  public init(facts: InvoiceFacts, netMinor: Int64, taxMinor: Int64) {
    self.facts = facts
    self.netMinor = netMinor
    self.taxMinor = taxMinor
  }
}

/// What one transaction did to an invoice's open amount.
public struct InvoicePosting: Sendable, Equatable {
  public var at: Instant
  public var kind: Transaction.Kind
  /// Of the payment or the credit, or the key of the attempt to charge.
  public var reference: String
  /// Below zero: less is open.
  public var amountMinor: Int64

  public init(at: Instant, kind: Transaction.Kind, reference: String, amountMinor: Int64) {
    self.at = at
    self.kind = kind
    self.reference = reference
    self.amountMinor = amountMinor
  }
}
