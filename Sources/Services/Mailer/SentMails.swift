import Billing
import Ledger
import Mail
import Synchronization

/// What this process knows of mails beyond the ledger: which it is sending now, and what the mail
/// server said of those whose end is not recorded yet. So a store that cannot be written, or a
/// message that is delivered again while its mail is under way, sends nothing twice.
final class SentMails: Sendable {
  private struct State: Sendable {
    var sending: Set<MailKey> = []
    var answers: [MailKey: Known] = [:]
  }

  /// What the server said last of a mail.
  struct Known: Sendable {
    var answer: MailAnswer
    /// An earlier sending has no known end: its receiver may have the mail from that one.
    var isResent: Bool
    /// How often the message had been in a delay queue by then.
    var returns: Int

    /// Nothing is left but to record it.
    var isEnd: Bool {
      switch answer {
      case .accepted, .refused: true
      case .later, .denied, .away, .notSent, .uncertain: false
      }
    }

    /// The message came straight back from its delay queue: no other process had it in between,
    /// and may have sent the mail.
    func isFollowed(by job: Job) -> Bool {
      job.history.returns == returns + 1 && !job.delivery.redelivered
    }
  }

  /// Beyond so many a "not now" is forgotten; then only the ledger's intent is left to go by.
  private static let limit = 20_000

  private let state = Mutex(State())

  /// `false`: it is being sent already.
  func begin(_ key: MailKey) -> Bool {
    state.withLock { $0.sending.insert(key).inserted }
  }

  /// It was not sent after all; what was known of it stays.
  func release(_ key: MailKey) {
    state.withLock { _ = $0.sending.remove(key) }
  }

  /// `isResent`: an earlier sending may have delivered it; nothing that is said of this one makes
  /// that one certain.
  func end(_ key: MailKey, _ answer: MailAnswer, isResent: Bool, returns: Int) {
    let known = Known(answer: answer, isResent: isResent, returns: returns)
    state.withLock { state in
      state.sending.remove(key)
      if case .uncertain = answer {
        state.answers[key] = known
      } else if known.isEnd || isResent || state.answers.count < Self.limit {
        state.answers[key] = known
      }
    }
  }

  /// Its message goes back to a delay queue without a call.
  func putOff(_ key: MailKey, _ job: Job) {
    state.withLock { state in
      guard state.answers[key]?.isFollowed(by: job) == true else { return }
      state.answers[key]?.returns = job.history.returns
    }
  }

  func known(_ key: MailKey) -> Known? {
    state.withLock { $0.answers[key] }
  }

  func forget(_ key: MailKey) {
    state.withLock { state in
      state.sending.remove(key)
      state.answers[key] = nil
    }
  }
}
