import Billing
import Ledger

/// What the ledger was seen to commit, noted at the moment of each commit: by this the mails and
/// charges are judged, whatever the services believe. Grows with commits, never shrinks.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class CommitObserver: @unchecked Sendable {
  /// Taken back when the ledger is, to an earlier moment.
  var state = CommitObserverState()
  var attempts: [String: Attempt] { state.attempts }
  var invoices: Set<String> { state.invoices }
  var held: Set<String> { state.held }
  var released: Set<String> { state.released }
  /// Commits by account, to tell whether a read was overtaken.
  private(set) var moves: [String: Int] = [:]
  /// Grants and payments as the people outside made them, by reference.
  var incoming: [String: (account: String, kind: Transaction.Kind, amountMinor: Int64)] = [:]

  /// Accounts as they were imported while the month closed.
  var late: [LateAccount] = []

  func saw(_ change: Change) {
    if let account = change.account { moves[account, default: 0] += 1 }
    for write in change.writes {
      switch write {
      case .issue(let draft): state.invoices.insert(draft.id)
      case .attempt(let attempt), .settle(let attempt): state.attempts[attempt.key] = attempt
      case .reopen(let attempt): state.attempts[attempt.key]?.state = .unknown
      case .placeHold(let account, _): state.held.insert(account)
      case .liftHold(let account, _): state.released.insert(account)
      case .schedule(let work): state.dueTimes.append(work.dueAt)
      default: continue
      }
    }
  }

  func nextDue(after now: Instant) -> Instant? { state.dueTimes.filter { $0 > now }.min() }

  func attempt(on invoice: String, number: Int) -> Attempt? {
    attempts.values.first { $0.invoice == invoice && $0.number == number }
  }
}

extension CommitObserver {
  /// By the payment, or by the number that its metadata names.
  func attempt(takenBy charge: SimulatedGateway.Charge) -> Attempt? {
    attempts.values.first { $0.gatewayID == charge.id && $0.state == .succeeded }
      ?? attempt(on: charge.request.invoice, number: charge.request.attempt)
  }
}

/// What the ledger holds, as it was seen being committed.
struct CommitObserverState {
  /// By idempotency key.
  var attempts: [String: Attempt] = [:]
  var invoices: Set<String> = []
  /// Accounts that were put on hold, and released, at some time.
  var held: Set<String> = []
  var released: Set<String> = []
  var dueTimes: [Instant] = []
}
