import Billing
import Ledger

/// A mail requested by a message, and its record in the ledger.
public struct MailIntent: Sendable {
  var job: Job
  var kind: MailKind
  var snapshot: Snapshot
  /// The attempt that a receipt or a decline reports.
  var attempt: Int

  /// `nil` for messages that request no mail.
  public init?(_ job: Job) {
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

  public var key: MailKey { MailKey(about: about, account: snapshot.account, kind: kind) }

  /// The event it reports; for a message with which an operator has a mail sent again, the first
  /// event.
  var about: String { MailAgain.first(job.event) }

  /// `released`: invoices for which a hold was lifted; `idle`: invoices with a total of zero that
  /// are not mailed.
  public func situation(
    _ facts: AccountFacts?, released: Set<String>, idle: Set<String> = []
  ) -> MailSituation {
    MailSituation(
      kind: kind, snapshot: snapshot, facts: facts, attempt: attempt,
      wasReleased: snapshot.invoice.map { released.contains($0.id) } ?? false,
      isIdle: snapshot.invoice.map { idle.contains($0.id) } ?? false)
  }

  /// The invoice it contains, if its total is zero.
  var zeroInvoice: String? {
    kind == .invoice && snapshot.invoice?.total == 0 ? snapshot.invoice?.id : nil
  }

  /// The invoice for which it says that a hold was lifted.
  public var releasedInvoice: String? { kind == .released ? snapshot.invoice?.id : nil }

  func intended(_ session: LedgerSession, _ facts: AccountFacts, isPerhapsSent: Bool) -> Change {
    let why = isPerhapsSent ? MailRecord.perhapsSent(because: "an operator had it sent again") : nil
    return Change(
      service: .mailer, messageID: job.event.id, account: facts.account.id,
      writes: [.mail(record(.intended, facts, why))], at: session.clock.now())
  }

  /// Another process started it and may have sent it: the next sender has to know.
  func takenUp(_ session: LedgerSession) -> Change {
    waits(
      session, MailRecord.perhapsSent(because: "the process that started it recorded no outcome"))
  }

  /// The mail was already finished; only the message was not yet answered.
  func answered(_ session: LedgerSession, _ decided: Decided<MailAction>, _ facts: AccountFacts)
    -> Change
  {
    change(session, decided, facts, "this mail was already finished")
  }

  func suppression(
    _ session: LedgerSession, _ decided: Decided<MailAction>, _ facts: AccountFacts,
    isIntended: Bool = false,
    isPerhapsSent: Bool = false
  ) throws -> Change {
    var change = change(session, decided, facts, "no \(kind.rawValue) mail: \(decided.rule)")
    change.expectedPosition = facts.position
    let why = isPerhapsSent ? MailRecord.perhapsSent(because: decided.rule) : decided.rule
    let mail = record(.suppressed, facts, why)
    change.writes = [isIntended ? .mailEnd(mail) : .mail(mail)] + progress(mail)
    change.events = [try event(.mailSuppressed, session, facts, reason: decided.rule)]
    return change
  }

  func end(
    _ state: MailRecord.State, _ session: LedgerSession, _ decided: Decided<MailAction>,
    _ facts: AccountFacts, why: String? = nil
  ) throws -> Change {
    let text = "\(kind.rawValue) mail \(state.rawValue)" + (why.map { ": \($0)" } ?? "")
    var change = change(session, decided, facts, text)
    let mail = record(state, facts, why)
    change.writes = [.mailEnd(mail)] + progress(mail)
    let type: EventType = state == .sent ? .mailSent : .mailRefused
    change.events = [try event(type, session, facts, reason: why ?? decided.rule)]
    return change
  }

  /// It is retried; nothing is decided yet.
  func waits(_ session: LedgerSession, _ why: String) -> Change {
    Change(
      service: .mailer, messageID: job.event.id, account: snapshot.account,
      writes: [.mailWaits(key, why)], at: session.clock.now())
  }

  /// The mail was sent again, and another process recorded its outcome meanwhile.
  func sentAgain(_ session: LedgerSession) -> Change {
    Change(
      service: .mailer, messageID: "\(job.event.id)#again", account: snapshot.account,
      writes: [.mailAgain(key)], at: session.clock.now())
  }

  // MARK: Parts

  private func change(
    _ session: LedgerSession, _ decided: Decided<MailAction>, _ facts: AccountFacts, _ text: String
  ) -> Change {
    let now = session.clock.now()
    return Change(
      service: .mailer, messageID: job.event.id, account: facts.account.id,
      decision: DecisionRecord(decided, text, believed: snapshot, found: facts, at: now), at: now)
  }

  private func record(
    _ state: MailRecord.State, _ facts: AccountFacts, _ reason: String?
  ) -> MailRecord {
    MailRecord(
      about: about, account: facts.account.id, kind: kind,
      period: facts.invoice?.period ?? job.event.period, messageID: messageID, state: state,
      reason: reason)
  }

  /// The stage of its close that an account reaches with this mail, sent or not.
  private func progress(_ mail: MailRecord) -> [Write] {
    guard let period = mail.period else { return [] }
    switch kind {
    case .invoice:
      return [.progress(account: mail.account, period: period, reached: .invoiceMailed, end: nil)]
    case .receipt, .declined:
      return [.progress(account: mail.account, period: period, reached: .outcomeMailed, end: nil)]
    case .held, .released: return []
    }
  }

  private func event(
    _ type: EventType, _ session: LedgerSession, _ facts: AccountFacts, reason: String
  ) throws -> OutgoingEvent {
    try AccountEvents(session, causedBy: job.event).make(
      type, about: "\(job.event.id):\(kind.rawValue)", after: facts
    ) {
      $0.mail = .init(kind: kind, about: about)
      $0.reason = reason
    }
  }

  /// The left side of the Message-ID: from the event and the kind, the same on every resend.
  var messageID: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(about.utf8.count + 24)
    for byte in "\(about).\(kind.rawValue)".utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        bytes.append(byte)
      default: bytes.append(contentsOf: "=\(String(byte, radix: 16))".utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The ids of messages with which an operator has a mail sent again:
/// `invoice.issued:2026-11/a~again-1`. It remains the mail about the first event, under the same
/// Message-ID.
public enum MailAgain {
  private static let mark = "~again-"

  public static func id(_ first: String, _ number: Int) -> String { "\(first)\(mark)\(number)" }

  /// Anybody could use the mark; only an operator's events name another event.
  static func first(_ event: Event) -> String {
    guard let first = event.refreshof, event.id.hasPrefix(first + mark) else { return event.id }
    return first
  }
}
