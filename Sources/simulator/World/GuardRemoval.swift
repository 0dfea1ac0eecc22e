import Billing
import Ledger

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
