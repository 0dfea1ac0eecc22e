import Billing
import Ledger

/// Charges that name an invoice in their metadata, regardless of their origin.
public enum GatewayPayments: Sendable, Equatable {
  case made([GatewayCharge])
  /// Not known: neither a decline nor a success.
  case untold(GatewayAnswer)
}

extension GatewayChargeRecord {
  /// `nil` if it names no invoice, or is still pending.
  init?(
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
  func change(
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

extension GatewayClient.Untold {
  var answer: GatewayAnswer {
    switch lookup {
    case .unauthorized(let why): .unauthorized(why)
    case .untrusted(let why): .untrusted(why)
    case .unreachable(let why): .unreachable(why)
    case .unknown(let why): .unknown(why)
    case .found, .notFound: .unknown("no answer")
    }
  }
}

extension GatewayClient {
  /// By search, except for the last minute or so, which its index may not have yet.
  func payments(of invoice: String) async -> GatewayPayments {
    switch await paymentIntents(GatewayForm.search(invoice: invoice)) {
    case .failure(let untold): return .untold(untold.answer)
    case .success(let intents):
      var made: [GatewayCharge] = []
      for intent in intents where intent.status == "succeeded" {
        guard intent.metadata?["invoice"] == invoice, GatewayText.isID(intent.id) else {
          return .untold(.unknown("the search returned payments for another invoice"))
        }
        do {
          made += try await charges(of: intent.id, for: invoice)
        } catch {
          return .untold(.unknown("\(error)"))
        }
      }
      return .made(made)
    }
  }

  /// Only the charge itself shows what was refunded.
  private func charges(
    of payment: String, for invoice: String
  ) async throws(GatewayListFault) -> [GatewayCharge] {
    let fields = [("limit", "100"), ("payment_intent", payment)]
    return try await page(GatewayForm.encode(fields)).charges.filter {
      $0.payment == payment && $0.state == .succeeded
    }.map { charge in
      var charge = charge
      charge.invoice = invoice
      return charge
    }
  }
}
