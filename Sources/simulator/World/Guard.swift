import Billing
import Ledger

/// A guard that can be taken away, to show that the simulation notices. None of them can be taken
/// from the services themselves: they are taken from what the services stand on.
enum SimulatedGuard: String, CaseIterable, Sendable {
  /// The ledger's unique key of answers.
  case oneAnswer = "one-answer"
  /// A repetition of an attempt goes out under the attempt's own idempotency key.
  case keyReuse = "key-reuse"
  /// An attempt is committed before the gateway is called.
  case intentFirst = "intent-first"
  /// A message no queue takes is returned, not confirmed.
  case mandatory
  /// A delivery is acknowledged after everything else.
  case ackLast = "ack-last"
  /// A change is refused when the account moved since it was read.
  case positionCheck = "position-check"
  /// Before anything is charged, the gateway's charges are held against the ledger.
  case gatewayWalk = "gateway-walk"
  /// The invoicer asks whether a month can be meant before it closes it.
  case periodGuard = "period-guard"
  /// Only the gateway's own final word ends an attempt.
  case finalWord = "final-word"
  /// A message counts only if the ledger has it.
  case committedOnly = "committed-only"
  /// What the gateway has done already is looked for before it is asked again.
  case lookFirst = "look-first"

  var ofLedger: LedgerGuard? {
    switch self {
    case .oneAnswer: .oneAnswer
    default: nil
    }
  }
}

/// Takes a guard out of what is committed.
struct GuardRemoval {
  let removed: SimulatedGuard?
  let witness: CommitObserver

  func applied(to changes: [Change]) -> [Change] {
    switch removed {
    case .positionCheck: changes.map(withoutExpectations)
    case .intentFirst: changes.map(withIntentLast)
    default: changes
    }
  }

  /// Every month counts as one that is over and meant.
  func applied(
    to decide: @escaping StartJudge, _ period: Period
  ) -> StartJudge {
    guard removed == .periodGuard else { return decide }
    return { facts in
      try StartSituation(
        period, at: Instant(rfc3339: "2199-01-01T00:00:00Z"), StartPermission(isPast: true),
        monthsBack: 1, facts
      ).decide()
    }
  }

  func applied(
    to found: [Recognition], of messages: [ReceivedMessage], by service: ServiceName,
    _ store: LedgerStore
  ) async throws -> [Recognition] {
    switch removed {
    case .oneAnswer:
      return found.map { if case .answered = $0 { .fresh } else { $0 } }
    case .committedOnly:
      let known = try await store.answered(messages.map(\.id), by: service)
      return zip(found, messages).map { recognition, message in
        guard case .notCommitted = recognition else { return recognition }
        return known[message.id].map { .answered($0) } ?? .fresh
      }
    default: return found
    }
  }

  private func withoutExpectations(_ change: Change) -> Change {
    var change = change
    change.expectedPosition = nil
    change.expectedUsageVersion = nil
    return change
  }

  /// An attempt is only written together with its end.
  private func withIntentLast(_ change: Change) -> Change {
    var change = change
    change.writes = change.writes.flatMap { write -> [Write] in
      switch write {
      case .attempt: return []
      case .settle(let attempt) where witness.attempts[attempt.key] == nil:
        var begun = attempt
        begun.state = .sent
        begun.settledAt = nil
        return [.attempt(begun), write]
      default: return [write]
      }
    }
    return change
  }
}
