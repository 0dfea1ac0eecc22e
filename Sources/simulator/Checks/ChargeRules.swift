import Billing
import Payments

extension Simulation {
  /// I11: the attempt and its key are in the ledger before the first byte is sent.
  func checkCall(_ request: ChargeRequest, by process: SimulatedProcess) {
    guard let attempt = witness.attempt(on: request.invoice, number: request.attempt) else {
      return fail(
        "I11",
        "\(process.name) calls for attempt \(request.attempt) on \(request.invoice), "
          + "which is not in the ledger")
    }
    if attempt.amountMinor != request.amountMinor {
      fail("I11", "\(request.key) asks for \(request.amountMinor), not \(attempt.amountMinor)")
    }
    let others = witness.attempts.values.filter {
      $0.invoice == request.invoice && $0.number < request.attempt
    }
    if let open = others.first(where: { $0.state.isUnsettled || $0.state == .declinedHard }) {
      fail("I11", "\(request.key) is sent while attempt \(open.number) is \(open.state)")
    }
  }

  /// I2: at most one charge per invoice, by the gateway's own log, at the moment it is made.
  func checkCharge(_ request: ChargeRequest) {
    let mine = gateway.charges.filter { $0.request.invoice == request.invoice }
    if mine.count > 1 {
      fail("I2", "\(request.invoice) is charged \(mine.count) times")
    }
    if !witness.invoices.contains(request.invoice) {
      fail("I2", "\(request.invoice) is charged but was never issued")
    }
  }
}
