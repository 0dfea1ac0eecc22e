import Billing
import Ledger

/// A mail that a message asks for, and what the ledger keeps of it.
struct Letter: Sendable {
  var job: Job
  var kind: MailKind
  var snapshot: Snapshot
  /// The attempt a receipt or a decline tells of.
  var attempt: Int

  /// `nil` for messages that ask for no mail.
  init?(_ job: Job) {
    guard let snapshot = job.event.data.snapshot else { return nil }
    switch job.type {
    case .invoiceIssued: kind = .invoice
    case .chargeSucceeded: kind = .receipt
    case .chargeDeclined: kind = .declined
    case .holdPlaced: kind = .held
    case .holdLifted: kind = .released
    default: return nil
    }
    self.job = job
    self.snapshot = snapshot
    self.attempt = job.event.data.charge?.attempt ?? 0
  }

  var key: MailKey { MailKey(about: job.event.id, account: snapshot.account, kind: kind) }

  func situation(_ facts: AccountFacts?) -> MailSituation {
    MailSituation(kind: kind, snapshot: snapshot, facts: facts, attempt: attempt)
  }

  func intent(_ desk: Desk, _ facts: AccountFacts) -> Change {
    Change(
      service: .mailer, messageID: job.event.id, account: facts.account.id,
      writes: [.mail(record(.intended, facts, nil))], at: desk.clock.now())
  }

  /// The mail had its end before; only the message was not answered yet.
  func answered(_ desk: Desk, _ decided: Decided<MailAction>, _ facts: AccountFacts) -> Change {
    change(desk, decided, facts, "this mail had its end before")
  }

  func suppression(
    _ desk: Desk, _ decided: Decided<MailAction>, _ facts: AccountFacts, isIntended: Bool,
    isPerhapsSent: Bool = false
  ) throws -> Change {
    var change = change(desk, decided, facts, "no \(kind.rawValue) mail: \(decided.rule)")
    change.expectedPosition = facts.position
    let why = isPerhapsSent ? MailRecord.perhapsSent + decided.rule : decided.rule
    let mail = record(.suppressed, facts, why)
    change.writes = [isIntended ? .mailEnd(mail) : .mail(mail)]
    change.events = [try event(.mailSuppressed, desk, facts, reason: decided.rule)]
    return change
  }

  func end(
    _ state: MailRecord.State, _ desk: Desk, _ decided: Decided<MailAction>,
    _ facts: AccountFacts, why: String? = nil
  ) throws -> Change {
    let text = "\(kind.rawValue) mail \(state.rawValue)" + (why.map { ": \($0)" } ?? "")
    var change = change(desk, decided, facts, text)
    change.writes = [.mailEnd(record(state, facts, why))]
    let type: EventType = state == .sent ? .mailSent : .mailRefused
    change.events = [try event(type, desk, facts, reason: why ?? decided.rule)]
    return change
  }

  // MARK: Parts

  private func change(
    _ desk: Desk, _ decided: Decided<MailAction>, _ facts: AccountFacts, _ text: String
  ) -> Change {
    let now = desk.clock.now()
    return Change(
      service: .mailer, messageID: job.event.id, account: facts.account.id,
      decision: DecisionRecord(decided, text, believed: snapshot, found: facts, at: now), at: now)
  }

  private func record(
    _ state: MailRecord.State, _ facts: AccountFacts, _ reason: String?
  ) -> MailRecord {
    MailRecord(
      about: job.event.id, account: facts.account.id, kind: kind,
      period: facts.invoice?.period ?? job.event.period, messageID: messageID, state: state,
      reason: reason)
  }

  private func event(
    _ type: EventType, _ desk: Desk, _ facts: AccountFacts, reason: String
  ) throws -> OutgoingEvent {
    try AccountEvents(desk, causedBy: job.event).make(
      type, about: "\(job.event.id):\(kind.rawValue)", after: facts
    ) {
      $0.mail = .init(kind: kind, about: job.event.id)
      $0.reason = reason
    }
  }

  /// The left side of the Message-ID: from the event and the kind, the same on every resend.
  var messageID: String {
    var text = ""
    for byte in "\(job.event.id).\(kind.rawValue)".utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: "."): text += "."
      default: text += "=" + String(byte, radix: 16)
      }
    }
    return text
  }
}
