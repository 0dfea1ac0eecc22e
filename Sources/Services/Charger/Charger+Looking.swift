import Billing
import Ledger
import Payments

/// 2. Before another attempt: what has the gateway already charged for the invoice, whoever did it?
/// The findings are recorded for the next decision. Returns an outcome if they could not be had.
extension Charger {
  func takenOver(
    _ turns: [Turn], _ facts: [AccountFacts?]
  ) async throws -> [String: [FoundCharge]] {
    try await session.store.takenOver(of: turns.compactMap(\.job.key.invoice))
  }

  /// Before another attempt: what has the gateway already charged for the invoice, whoever did it?
  /// The findings are recorded for the next decision. An outcome if they could not be had: the
  /// question changed nothing, and is asked again once the gateway is back.
  func look(_ jobs: [Job]) async throws -> [Outcome?] {
    if jobs.isEmpty { return [] }
    if door.isClosed { return jobs.map { _ in door.putOff() } }
    let payments = await caller.payments(of: jobs.map { $0.key.invoice ?? "" })
    let now = session.clock.now()
    var changes: [Change] = []
    let outcomes = payments.map { payments -> Outcome? in
      switch payments {
      case .untold(let answer): return outcome(of: answer)
      case .made(let charges):
        changes += charges.compactMap { charge in
          GatewayChargeRecord(
            charge, .takenOver, by: session.service.rawValue,
            reason: "found before another attempt was made"
          )?.change(by: session.service, nil, schedules: false, at: now)
        }
        return nil
      }
    }
    if !changes.isEmpty { _ = try await session.commit(changes) }
    return outcomes
  }

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
