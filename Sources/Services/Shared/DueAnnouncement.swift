import Billing
import Ledger

extension DueWork {
  /// The message for a row of due work: its id comes from its reference, its snapshot is current.
  func announcement(
    _ facts: AccountFacts, from session: LedgerSession, fill: (inout EventData) -> Void
  ) throws -> OutgoingEvent {
    let now = session.clock.now()
    var data = EventData(snapshot: facts.snapshot(at: now))
    fill(&data)
    let event = Event(
      id: Event.id(kind, reference), type: kind, source: session.source, time: now,
      subject: account, period: facts.invoice?.period, causationID: causationID, data: data)
    // Days later, so it has its own trace. Its causation names what it goes back to.
    return try event.traced(after: nil).outgoing()
  }
}

extension Fault {
  init(notDue job: Job, _ rule: String) {
    self.init(
      .contradiction, "\(rule): the ledger has no due work for \(job.event.id)")
  }
}
