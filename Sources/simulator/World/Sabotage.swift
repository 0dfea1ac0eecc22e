import Billing
import Ledger

/// Takes a guard out of what is committed.
struct Sabotage {
  let removed: SimulatedGuard?
  let witness: Witness

  func applied(to changes: [Change]) -> [Change] {
    switch removed {
    case .positionCheck: changes.map(withoutExpectations)
    case .intentFirst: changes.map(withIntentLast)
    default: changes
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
