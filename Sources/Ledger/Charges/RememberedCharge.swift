import Billing

/// What a charge at the gateway says of itself, so that the ledger can be asked for it.
public struct ChargeName: Sendable, Hashable {
  /// `ch_…`
  public var charge: String
  /// `pi_…`
  public var payment: String?
  public var invoice: String
  public var attempt: Int?

  public init(charge: String, payment: String?, invoice: String, attempt: Int?) {
    self.charge = charge
    self.payment = payment
    self.invoice = invoice
    self.attempt = attempt
  }
}

/// What the ledger has of a charge at the gateway.
public struct RememberedCharge: Sendable, Equatable {
  public var isInvoiceKnown: Bool
  /// The attempt of that number on that invoice.
  public var attempt: AttemptState?
  public var attemptPayment: String?
  /// The invoice for which this payment was counted.
  public var countedFor: String?
  /// What was decided of it, where somebody did.
  public var decision: GatewayChargeRecord.Decision?

  public init(
    isInvoiceKnown: Bool = false, attempt: AttemptState? = nil, attemptPayment: String? = nil,
    countedFor: String? = nil,
    decision: GatewayChargeRecord.Decision? = nil
  ) {
    self.isInvoiceKnown = isInvoiceKnown
    self.attempt = attempt
    self.attemptPayment = attemptPayment
    self.countedFor = countedFor
    self.decision = decision
  }
}
