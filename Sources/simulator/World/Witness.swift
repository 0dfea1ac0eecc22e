import Billing
import Ledger

/// What the ledger was seen to commit, noted at the moment of each commit: by this the mails and
/// charges are judged, whatever the services believe. Grows with commits, never shrinks.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class Witness: @unchecked Sendable {
  /// By idempotency key.
  private(set) var attempts: [String: Attempt] = [:]
  private(set) var invoices: Set<String> = []
  /// Accounts that were put on hold, and released, at some time.
  private(set) var held: Set<String> = []
  private(set) var released: Set<String> = []
  private(set) var dueTimes: [Instant] = []
  /// Commits by account, to tell whether a read was overtaken.
  private(set) var moves: [String: Int] = [:]
  /// Grants and payments as the people outside made them, by reference.
  var incoming: [String: (account: String, kind: Transaction.Kind, amountMinor: Int64)] = [:]

  func saw(_ change: Change) {
    if let account = change.account { moves[account, default: 0] += 1 }
    for write in change.writes {
      switch write {
      case .issue(let draft): invoices.insert(draft.id)
      case .attempt(let attempt), .settle(let attempt): attempts[attempt.key] = attempt
      case .placeHold(let account, _): held.insert(account)
      case .liftHold(let account, _): released.insert(account)
      case .schedule(let work): dueTimes.append(work.dueAt)
      default: continue
      }
    }
  }

  func nextDue(after now: Instant) -> Instant? { dueTimes.filter { $0 > now }.min() }

  func attempt(on invoice: String, number: Int) -> Attempt? {
    attempts.values.first { $0.invoice == invoice && $0.number == number }
  }
}
