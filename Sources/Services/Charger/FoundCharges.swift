import Billing
import Ledger
import Payments

extension GatewayChargeRecord {
  /// `nil` if it names no invoice, or is still pending.
  public init?(
    _ charge: GatewayCharge, _ decision: Decision, by operatorName: String, reason: String
  ) {
    guard let state = FoundCharge.State(rawValue: charge.state.rawValue) else { return nil }
    guard let invoice = charge.invoice ?? (decision == .foreign ? "" : nil) else { return nil }
    self.init(
      charge: FoundCharge(
        id: charge.id, payment: charge.payment, attempt: charge.attempt,
        amountMinor: charge.amountMinor, refundedMinor: charge.refundedMinor,
        currency: charge.currency, state: state, madeAt: charge.createdAt),
      invoice: invoice, decision: decision, operatorName: operatorName, reason: reason)
  }

  /// Recorded, and if the invoice is in the ledger, the charger is notified.
  public func change(
    by service: ServiceName, _ decided: DecisionRecord?, schedules: Bool, at now: Instant
  ) -> Change {
    var writes: [Write] = [.record(self)]
    let account = invoice.split(separator: "/", maxSplits: 1).last.map(String.init)
    if schedules, let account {
      writes.append(
        .schedule(
          DueWork(
            service: .charger, kind: .dueCharge,
            reference: "\(DueWork.aboutFound(invoice: invoice))\(charge.id):1",
            account: account, invoice: invoice, dueAt: now, causationID: nil)))
    }
    return Change(
      service: service, messageID: "gateway-charge:\(charge.id)",
      account: schedules ? account : nil, decision: decided, writes: writes, at: now)
  }
}
