import Billing
import Ledger

extension DueWork {
  /// The message for a row of due work: its id comes from its reference, its snapshot is current.
  func announcement(
    _ facts: AccountFacts, from desk: LedgerSession, fill: (inout EventData) -> Void
  ) throws -> OutgoingEvent {
    let now = desk.clock.now()
    var data = EventData(snapshot: facts.snapshot(at: now))
    fill(&data)
    let event = Event(
      id: Event.id(kind, reference), type: kind, source: desk.source, time: now,
      subject: account, period: facts.invoice?.period, causationID: causationID, data: data)
    // Days later, so it has its own trace. Its causation names what it goes back to.
    return try event.traced(after: nil).outgoing()
  }
}

extension Charger {
  /// A declined card is tried again, or a pending attempt is looked up.
  public func announceDue(_ work: DueWork, _ facts: AccountFacts) throws -> OutgoingEvent {
    try work.announcement(facts, from: desk) {
      $0.charge = .init(attempt: work.attempt, amount: facts.invoice?.openMinor ?? 0)
    }
  }
}

extension Fault {
  init(notDue job: Job, _ rule: String) {
    self.init(
      .contradiction, "\(rule): the ledger has no due work for \(job.event.id)")
  }
}
