import Billing
import Ledger
import Mail
import Synchronization

/// What this process knows about mails beyond the ledger: which it is sending now, and what the
/// mail server said about those whose outcome is not recorded yet. So neither an unwritable store
/// nor a message that is redelivered while its mail is in progress sends a mail twice.
final class InFlightMails: Sendable {
  private struct State: Sendable {
    var sending: Set<MailKey> = []
    var answers: [MailKey: Known] = [:]
  }

  /// The server's last answer about a mail.
  struct Known: Sendable {
    var answer: MailAnswer
    /// An earlier sending has no known outcome: its recipient may have the mail from that one.
    var isResent: Bool
    /// How often the message had been in a delay queue by then.
    var returns: Int

    /// All that is left is to record it.
    var isEnd: Bool {
      switch answer {
      case .accepted, .refused: true
      case .later, .denied, .away, .notSent, .uncertain: false
      }
    }

    /// The message came straight back from its delay queue: no other process had it in between and
    /// may have sent the mail.
    func isFollowed(by job: Job) -> Bool {
      job.history.returns == returns + 1 && !job.delivery.redelivered
    }
  }

  /// Beyond this number a "not now" is forgotten; then only the ledger's intent remains.
  private static let limit = 20_000

  private let state = Mutex(State())

  /// `false` if it is already being sent.
  func begin(_ key: MailKey) -> Bool {
    state.withLock { $0.sending.insert(key).inserted }
  }

  /// It was not sent after all; earlier knowledge of it stays.
  func release(_ key: MailKey) {
    state.withLock { _ = $0.sending.remove(key) }
  }

  /// `isResent`: an earlier sending may have delivered it, and this one's answer cannot settle
  /// that.
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

  func isSending(_ key: MailKey) -> Bool {
    state.withLock { $0.sending.contains(key) }
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
