import Billing
import Ledger

extension DueWork {
  /// The message that a row of due work becomes: its id from its reference, its snapshot from now.
  func announcement(
    _ facts: AccountFacts, from desk: Desk, fill: (inout EventData) -> Void
  ) throws -> OutgoingEvent {
    let now = desk.clock.now()
    var data = EventData(snapshot: facts.snapshot(at: now))
    fill(&data)
    let event = Event(
      id: Event.id(kind, reference), type: kind, source: desk.source, time: now,
      subject: account, period: facts.invoice?.period, causationID: causationID, data: data)
    // Days later: a trace of its own. What it goes back to is named by its causation.
    return try event.traced(after: nil).outgoing()
  }
}

extension Charger {
  /// A declined card is tried again. Which attempt it is stands at the end of the reference.
  public func announceDue(_ work: DueWork, _ facts: AccountFacts) throws -> OutgoingEvent {
    let number = work.reference.split(separator: ":").last.flatMap { Int($0) } ?? 1
    return try work.announcement(facts, from: desk) {
      $0.charge = .init(attempt: number, amount: facts.invoice?.openMinor ?? 0)
    }
  }
}
