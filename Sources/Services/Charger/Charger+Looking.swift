import Billing
import Ledger
import Payments

/// 2. Before another attempt: what has the gateway already charged for the invoice, whoever did it?
/// The findings are recorded for the next decision. Returns an outcome if they could not be had.
extension Charger {
  func takenOver(_ turns: [Turn]) async throws -> [String: [FoundCharge]] {
    try await desk.store.takenOver(of: turns.compactMap(\.job.key.invoice))
  }

  /// The question changed nothing: it is asked again once the gateway is back.
  func look(_ jobs: [Job]) async throws -> [Outcome?] {
    if jobs.isEmpty { return [] }
    if door.isClosed { return jobs.map { _ in door.putOff() } }
    let payments = await caller.payments(of: jobs.map { $0.key.invoice ?? "" })
    let now = desk.clock.now()
    var changes: [Change] = []
    let outcomes = payments.map { payments -> Outcome? in
      switch payments {
      case .unanswered(let answer): return outcome(of: answer)
      case .made(let charges):
        changes += charges.compactMap { charge in
          GatewayChargeRecord(
            charge, .takenOver, by: desk.service.rawValue,
            reason: "found before another attempt was made"
          )?.change(by: desk.service, nil, schedules: false, at: now)
        }
        return nil
      }
    }
    if !changes.isEmpty { _ = try await desk.commit(changes) }
    return outcomes
  }

  /// Charges what is still owed, at most once per invoice.
  private func outcome(of answer: GatewayAnswer) -> Outcome {
    switch answer {
    case .unauthorized(let why), .untrusted(let why):
      door.away(Fault(.gatewayUnauthorized, why))
      return door.putOff()
    case .unreachable(let why):
      door.away(Fault(.gatewayUnreachable, why))
      return door.putOff()
    case .unknown(let why):
      return door.waiting(.later(Fault(.gatewayUnknown, "the amount charged is unknown: \(why)")))
    default: return door.waiting(.later(Fault(.gatewayUnknown, "the amount charged is unknown")))
    }
  }
}
