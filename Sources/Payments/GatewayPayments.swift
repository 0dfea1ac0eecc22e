import Billing

/// Charges that name an invoice in their metadata, regardless of their origin.
public enum GatewayPayments: Sendable, Equatable {
  case made([GatewayCharge])
  /// Not known: neither a decline nor a success.
  case untold(GatewayAnswer)
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
