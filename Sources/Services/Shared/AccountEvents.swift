import Billing
import Ledger

/// Builds the events services publish: ids from what the event is about, the snapshot as it will be
/// once the change is committed.
public struct AccountEvents: Sendable {
  var session: LedgerSession
  var cause: Event
  var now: Instant

  public init(_ session: LedgerSession, causedBy cause: Event) {
    self.session = session
    self.cause = cause
    self.now = session.clock.now()
  }

  public func make(
    _ type: EventType, about reference: String, after facts: AccountFacts,
    fill: (inout EventData) -> Void = { _ in }
  ) throws -> OutgoingEvent {
    var data = EventData(snapshot: facts.snapshot(at: now))
    fill(&data)
    let event = Event(
      id: Event.id(type, reference), type: type, source: session.source, time: now,
      subject: facts.account.id, period: facts.invoice?.period ?? cause.period,
      causationID: cause.id, data: data)
    return try event.traced(after: cause).outgoing()
  }
}

extension Event {
  /// `invoice.issued:2026-11/meter-1`: the same fact always has the same id.
  static func id(_ type: EventType, _ reference: String) -> String {
    "\(type.routingKey):\(reference)"
  }

  public func outgoing() throws -> OutgoingEvent {
    OutgoingEvent(
      id: id, type: type.rawValue, routingKey: type.routingKey, account: subject, period: period,
      body: try Services.encode(self))
  }
}

extension Job {
  public var key: FactKey {
    FactKey(
      account: event.data.snapshot?.account ?? event.subject ?? "",
      invoice: event.data.snapshot?.invoice?.id)
  }

  /// A message of a type that does not belong in this queue; a binding sent it here by mistake.
  var unexpected: Outcome {
    .dead(
      Fault(.unexpectedType, "\(type.rawValue) does not belong in queue \(delivery.queue)"))
  }
}

extension DecisionRecord {
  init<Action>(
    _ decided: Decided<Action>, _ explanation: String, believed: Snapshot?, found: AccountFacts?,
    at now: Instant
  ) {
    self.init(
      rule: decided.rule, finding: decided.finding, explanation: explanation, believed: believed,
      found: found?.snapshot(at: now))
  }
}

extension Money {
  /// `90.12 CHF`, for explanations.
  static func text(_ amountMinor: Int64, _ currency: Currency) -> String {
    "\(Money(amountMinor, currency))"
  }
}
