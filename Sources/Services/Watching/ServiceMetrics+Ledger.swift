import Broker
import Ledger

/// Ledger changes are counted where they are committed, and only once they are, so that the
/// counters of all processes together agree with the ledger.
extension ServiceMetrics {
  func count(_ changes: [Change], _ outcomes: [CommitOutcome]) {
    for (change, outcome) in zip(changes, outcomes) {
      guard case .committed = outcome else { continue }
      if let decision = change.decision {
        decisions.add(1, decision.finding.rawValue, decision.rule)
      }
      for write in change.writes { count(write) }
    }
  }

  private func count(_ write: Write) {
    switch write {
    case .issue: invoices.increment()
    case .settle(let attempt): attempts.add(1, attempt.state.rawValue)
    case .mail(let mail) where mail.state == .suppressed: mails.add(1, mail.state.rawValue)
    case .mailEnd(let mail):
      mails.add(1, mail.state.rawValue)
      if mail.reason == MailRecord.resent { mails.add(1, "resent") }
    case .mailAgain: mails.add(1, "resent")
    case .placeHold: holds.add(1, "placed")
    case .liftHold: holds.add(1, "lifted")
    case .mail, .mailWaits, .mailReopen, .post, .attempt, .reopen, .schedule, .cancelDue, .progress,
      .oweAgain, .rangeDone,
      .closeRun, .record, .keysKept:
      break
    }
  }

  func count(_ results: [PublishResult]) {
    for result in results { published.add(1, result.word) }
  }
}

extension PublishResult {
  fileprivate var word: String {
    switch self {
    case .confirmed: "confirmed"
    case .returned: "returned"
    case .refused: "refused"
    case .unknown: "unknown"
    }
  }
}
