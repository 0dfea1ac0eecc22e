import Billing

/// A charge of the gateway's that no attempt made, written down once and never changed: with it the
/// ledger knows again what it had forgotten.
public struct GatewayChargeRecord: Sendable, Equatable {
  public enum Decision: String, Sendable, CaseIterable {
    /// The charger counts it for its invoice.
    case takenOver = "taken-over"
    /// An operator declares that it does not belong to this ledger.
    case foreign
  }

  public var charge: FoundCharge
  /// As its metadata names it; the invoice need not be there yet.
  public var invoice: String
  public var decision: Decision
  public var operatorName: String
  public var reason: String

  public init(
    charge: FoundCharge, invoice: String, decision: Decision, operatorName: String, reason: String
  ) {
    self.charge = charge
    self.invoice = invoice
    self.decision = decision
    self.operatorName = operatorName
    self.reason = reason
  }
}
