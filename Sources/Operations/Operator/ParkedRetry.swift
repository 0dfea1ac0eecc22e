import Billing
import Ledger
import Services

/// The way back for accounts waiting for a person: the charger checks the gateway first, then
/// charges what is open, under a new number only if the earlier attempt is known not to have been
/// made.
public struct ParkedRetry: Sendable {
  let session: LedgerSession

  public init(store: LedgerStore, clock: LedgerClock) {
    session = LedgerSession(service: .closectl, store: store, clock: clock)
  }

  /// Who asked for it and why, for the record.
  public struct Order: Sendable {
    public var operatorName: String
    public var reason: String

    public init(operatorName: String, reason: String) {
      self.operatorName = operatorName
      self.reason = reason
    }
  }

  public enum Outcome: Sendable, Equatable {
    case scheduled
    /// Nothing the charger could do: no invoice, or nothing open.
    case refused(String)
  }

  public func retry(_ parked: ParkedAccount, _ order: Order) async throws -> Outcome {
    guard let invoice = parked.invoice else { return .refused("it was never invoiced") }
    let key = FactKey(account: parked.account, invoice: invoice)
    for _ in 0..<LedgerSession.roundLimit {
      guard let facts = try await session.store.facts(for: [key])[0], facts.invoice != nil else {
        return .refused("the ledger has no invoice \(invoice) for it")
      }
      if facts.attempts.contains(where: { $0.state == .succeeded }) {
        return .refused("the invoice was already charged; the rest must be paid by other means")
      }
      switch try await session.commit([change(facts, invoice, order)])[0] {
      case .committed, .alreadyDone: return .scheduled
      case .stale: continue
      }
    }
    throw ContentionError(items: 1)
  }

  private func change(_ facts: AccountFacts, _ invoice: String, _ order: Order) -> Change {
    let now = session.clock.now()
    let attemptsMade = facts.attempts.filter { $0.state != .lost }.count
    let account = facts.account.id
    return Change(
      service: .closectl, messageID: "parked.retry:\(invoice)@\(now.rfc3339)", account: account,
      expectedPosition: facts.position,
      decision: DecisionRecord(
        rule: "operator.parked-retry", finding: .material,
        explanation: "\(order.operatorName) asked to charge it again: \(order.reason)",
        found: facts.snapshot(at: now)),
      writes: facts.reopening + [
        .schedule(
          DueWork(
            service: .charger, kind: .dueCharge,
            reference: "\(invoice)#parked@\(now.rfc3339):\(attemptsMade + 1)", account: account,
            invoice: invoice, dueAt: now, causationID: nil))
      ], at: now)
  }
}

extension AccountFacts {
  /// Attempts that wait for a person count as unknown again.
  var reopening: [Write] { attempts.filter { $0.state == .parked }.map(Write.reopen) }
}

/// Replaying a dead letter reopens its account: the attempt waiting for a person is looked up
/// again.
struct ReplayedAttempts: Sendable {
  let store: LedgerStore
  let clock: LedgerClock

  func reopen(_ letters: [DeadLetter], under manifest: Manifest) async throws {
    for letter in letters where letter.service == .charger {
      let job: Job
      do { job = try Job(letter) } catch { continue }  // An unreadable letter has no attempt.
      for _ in 0..<LedgerSession.roundLimit {
        guard let facts = try await store.facts(for: [job.key])[0], !facts.reopening.isEmpty
        else { break }
        let change = Change(
          service: .closectl, messageID: "dead.reopen:\(manifest.id):\(letter.id)",
          account: facts.account.id, expectedPosition: facts.position,
          decision: DecisionRecord(
            rule: "operator.reopen", finding: .material,
            explanation: "\(manifest.operatorName) replays dead letter \(letter.id); its attempt "
              + "is looked up again: \(manifest.reason)",
            found: facts.snapshot(at: clock.now())),
          writes: facts.reopening, at: clock.now())
        if case .stale = try await store.commit([change], published: [])[0] { continue }
        break
      }
    }
  }
}
