/// What a sender knew about an account, and at which position of the ledger. Carries no e-mail
/// address, no name and no payment data.
public struct Snapshot: Codable, Sendable, Equatable {
  public struct Invoice: Codable, Sendable, Equatable {
    public var id: String
    public var total: Int64
    public var open: Int64
    public var status: InvoiceStatus

    public init(id: String, total: Int64, open: Int64, status: InvoiceStatus) {
      self.id = id
      self.total = total
      self.open = open
      self.status = status
    }
  }

  public var account: String
  /// The account's ledger version: it grows by one with every posting.
  public var position: Int64
  public var takenAt: Instant
  public var currency: Currency
  /// Minor units the customer owes; negative: credit.
  public var balance: Int64
  public var hold: Bool
  public var collection: CollectionMethod
  public var invoice: Invoice?

  public init(
    account: String, position: Int64, takenAt: Instant, currency: Currency, balance: Int64,
    hold: Bool, collection: CollectionMethod, invoice: Invoice?
  ) {
    self.account = account
    self.position = position
    self.takenAt = takenAt
    self.currency = currency
    self.balance = balance
    self.hold = hold
    self.collection = collection
    self.invoice = invoice
  }
}

extension AccountFacts {
  public func snapshot(at now: Instant) -> Snapshot {
    Snapshot(
      account: account.id, position: position, takenAt: now, currency: account.currency,
      balance: balanceMinor, hold: heldForInvoice != nil, collection: account.collection,
      invoice: invoice.map {
        .init(id: $0.id, total: $0.totalMinor, open: $0.openMinor, status: $0.status)
      })
  }
}
