import Billing
import Ledger
import Mail
import Synchronization

/// What the mail server's answers show about the server: whether it works for others when it
/// refuses a mail, and when to stop calling it.
final class MailServerWatch: Sendable {
  let door: PartnerDoor
  private let session: LedgerSession
  private let lastTaken = Mutex<(at: Instant?, isRead: Bool)>((nil, false))

  /// A server that has accepted nothing for this long, longer than a mail is retried, is not known
  /// to work.
  static let validSeconds: Int64 = 2 * 3600
  /// If a policy refuses the mails of this many different accounts in a row, it is no coincidence.
  static let denialLimit = 2
  /// The same where each mailbox may be at fault.
  static let doubtLimit = 5

  init(_ session: LedgerSession, door: PartnerDoor) {
    self.session = session
    self.door = door
  }

  /// From the ledger, for a process that has sent nothing yet.
  func prepare() async throws {
    if lastTaken.withLock({ $0.isRead }) { return }
    let last = try await session.store.lastMailSent()
    lastTaken.withLock { $0 = ($0.at ?? last, true) }
  }

  /// It accepted another mail not long ago.
  var isKnownToWork: Bool {
    guard let last = lastTaken.withLock({ $0.at }) else { return false }
    return session.clock.now() < last.adding(seconds: Self.validSeconds)
  }

  /// `isFirst`: this mail was not tried before. Retried mails say nothing new: at the end of a
  /// close, only those with their own problems are left.
  func heard(_ answer: MailAnswer, about intent: MailIntent) {
    if answer == .accepted {
      let now = session.clock.now()
      lastTaken.withLock { $0.at = now }
    }
    door.heard(
      shown(by: answer, isFirst: intent.job.history.returns == 0), about: intent.key.account)
  }

  private func shown(by answer: MailAnswer, isFirst: Bool) -> PartnerPause.Heard {
    let isPaused = door.isPaused
    switch answer {
    case .accepted: return .word
    case .refused, .notSent: return .aside
    case .away(let why): return .away(.mailUnreachable, why)
    case .denied(let why):
      if isPaused || !isKnownToWork { return .away(.mailDenied, "the mail server refuses: \(why)") }
      return isFirst ? doubt(.mailDenied, why, Self.denialLimit) : .aside
    case .later(let why), .uncertain(let why):
      return isFirst || isPaused ? doubt(.mailLater, why, Self.doubtLimit) : .aside
    }
  }

  private func doubt(_ reason: FaultReason, _ why: String, _ limit: Int) -> PartnerPause.Heard {
    .doubt(
      .init(reason: reason, why: why, limit: limit, ofMany: "recipients in a row were refused"))
  }

  // MARK: What happens to a mail that was not accepted

  /// The outcome of a mail that was not accepted, or when its message comes back.
  enum Next: Equatable {
    case back(Fault)
    case putOff
    case giveUp(String)
  }

  /// `isLast`: its message has been through all delay queues. A mail is given up only if the server
  /// refused it while accepting others.
  func next(_ answer: MailAnswer, _ intent: MailIntent, isLast: Bool) -> Next {
    let reason: FaultReason
    let why: String
    switch answer {
    // A server that was down has said nothing about the mail, and may be back by now.
    case .accepted, .refused, .away: return .putOff
    case .later(let text): (reason, why) = (.mailLater, text)
    case .denied(let text): (reason, why) = (.mailDenied, text)
    case .notSent(let text), .uncertain(let text): (reason, why) = (.mailLater, text)
    }
    if door.isPaused { return .putOff }
    if !isLast { return .back(Fault(reason, "the mail server did not accept it: \(why)")) }
    switch answer {
    case .later: break
    case .denied, .uncertain:
      if isKnownToWork { break }
      door.away(Fault(.mailDenied, "it has accepted no mail for two hours: \(why)"))
      return .putOff
    default: return .putOff
    }
    return .giveUp("given up after \(intent.job.history.attempts + 1) tries: \(why)")
  }
}
