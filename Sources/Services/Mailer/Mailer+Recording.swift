import Billing
import Ledger

/// 3. Commit what the server said.
extension Mailer {
  fileprivate struct Recorded: Sendable {
    var outcome: Outcome
    /// It was just sent, but another process had already recorded its outcome.
    var isLate = false
  }

  private func giveUp(_ item: Sending, _ why: String) throws -> LedgerSession.Plan<Recorded> {
    .commit(
      try item.intent.end(
        .refused, session, item.decided, item.facts,
        why: item.isResent ? MailRecord.perhapsSent(because: why) : why),
      then: { Recorded(outcome: .done($0.events)) })
  }

  func record(_ sent: [Sent]) async throws -> [Outcome] {
    let recorded = try await session.decideAndCommit(sent, about: \.item.intent.job.key) {
      sent, facts -> LedgerSession.Plan<Recorded> in
      let item = sent.item
      let intent = item.intent
      guard let answer = sent.answer else {
        return .end(Recorded(outcome: watch.door.putOff()))
      }
      switch answer {
      case .accepted:
        let note = item.isResent ? MailRecord.resent : nil
        return .commit(
          try intent.end(.sent, session, item.decided, item.facts, why: note),
          then: {
            Recorded(outcome: .done($0.events), isLate: item.answer == nil && $0.wasAnswered)
          })
      case .refused(let why): return try giveUp(item, why)
      case .later(let why), .denied(let why), .away(let why), .notSent(let why),
        .uncertain(let why):
        let isLast = intent.job.history.attempts >= retryLimit
        let back: Outcome
        switch watch.next(answer, intent, isLast: isLast) {
        case .giveUp(let why): return try giveUp(item, why)
        case .putOff: back = watch.door.putOff()
        case .back(let fault): back = .later(fault)
        }
        if case .notSent = answer { return .end(Recorded(outcome: back)) }
        let isPerhapsSent = item.isResent || answer.isUncertain
        return .commit(
          intent.waits(session, isPerhapsSent ? MailRecord.perhapsSent(because: why) : why),
          then: { _ in Recorded(outcome: back) })
      }
    }
    let late = zip(sent, recorded).filter(\.1.isLate).map { $0.0.item.intent.sentAgain(session) }
    if !late.isEmpty { _ = try await session.commit(late) }
    for (sent, recorded) in zip(sent, recorded) {
      if case .done = recorded.outcome { inFlight.forget(sent.item.intent.key) }
    }
    return recorded.map(\.outcome)
  }
}
