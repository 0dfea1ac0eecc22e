import Billing
import Broker
import Ledger
import Logging
import Services

/// Orders mails to be sent again that the mail server refused or that were given up. The mailer
/// decides again by the ledger's state at that time, so that no mail is out of date, and sends
/// under the original Message-ID.
public struct MailResend: Sendable {
  let session: LedgerSession
  let outbox: Outbox?

  /// Without a broker the order stays recorded; the holder publishes it.
  public init(store: LedgerStore, broker: (any Broker)?, clock: LedgerClock, logger: Logger) {
    session = LedgerSession(service: .closectl, store: store, clock: clock)
    let session = self.session
    outbox = broker.map { Outbox(session: session, broker: $0, logger: logger) }
  }

  /// Who asked for it and why, for the record.
  public struct Order: Sendable {
    public var operatorName: String
    public var reason: String
    /// Includes delivered mails: their recipients will have them twice.
    public var alsoDelivered: Bool

    public init(operatorName: String, reason: String, alsoDelivered: Bool = false) {
      self.operatorName = operatorName
      self.reason = reason
      self.alsoDelivered = alsoDelivered
    }
  }

  /// Why a mail cannot be sent again; `nil` if it can.
  public static func objection(to mail: MailRecord, alsoDelivered: Bool) -> String? {
    switch mail.state {
    case .refused: nil
    case .sent where alsoDelivered: nil
    case .sent: "it was delivered (--also-delivered sends it anyway)"
    case .suppressed: "it no longer applied: \(mail.reason ?? "")"
    case .intended: "it is still being retried"
    }
  }

  /// What prevents it; `nil` if the order was passed to the mailer.
  public func resend(_ mail: MailRecord, _ order: Order) async throws -> String? {
    if let why = Self.objection(to: mail, alsoDelivered: order.alsoDelivered) { return why }
    guard let stored = try await session.store.event(mail.about) else {
      return "the ledger has no event \(mail.about)"
    }
    let old = try MessageGate.decode(stored.event.body, contentType: MonthClose.contentType)
    let key = FactKey(account: mail.account, invoice: old.data.snapshot?.invoice?.id)
    var number = 1
    while try await session.store.event(MailAgain.id(mail.about, number)) != nil { number += 1 }
    guard let facts = try await session.store.facts(for: [key])[0] else {
      return "the ledger has no account \(mail.account)"
    }
    let change = try change(mail, order, old, MailAgain.id(mail.about, number), facts)
    guard case .committed(let events) = try await session.commit([change])[0] else {
      return "it changed meanwhile; check again"
    }
    await outbox?.publish(events)
    try await session.recordConfirmed()
    return nil
  }

  private func change(
    _ mail: MailRecord, _ order: Order, _ old: Event, _ id: String, _ facts: AccountFacts
  ) throws -> Change {
    let now = session.clock.now()
    var event = old
    event.id = id
    event.source = session.source
    event.time = now
    event.causationid = old.id
    event.refreshof = old.id
    event.data.snapshot = facts.snapshot(at: now)
    var outgoing = try event.traced(after: old).outgoing()
    outgoing.routingKey = MonthClose.replayKey(of: .mailer)
    let was = mail.state == .sent ? "was delivered" : "was not delivered"
    return Change(
      service: .closectl, messageID: "mail.resend:\(id)", account: mail.account,
      decision: DecisionRecord(
        rule: "operator.mail-resend", finding: .material,
        explanation: "the \(mail.kind.rawValue) mail \(was); \(order.operatorName) asked to send "
          + "it again: \(order.reason)",
        found: facts.snapshot(at: now)),
      writes: [.mailReopen(mail)], events: [outgoing], at: now)
  }
}
