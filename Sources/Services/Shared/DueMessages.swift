import Billing
import Ledger

/// The due work behind the due messages of a batch. A message counts only with its row: with that
/// reference, taken out by its service, about the same account and invoice.
public struct DueProof: Sendable {
  private let works: [String: DueWork]

  /// Reads nothing where no message is due.
  public init(_ jobs: [Job], by service: ServiceName, in store: LedgerStore) async throws {
    let kind: EventType = service == .holder ? .dueGrace : .dueCharge
    var references: [String: String] = [:]
    for job in jobs where job.type == kind { references[job.event.id] = job.dueReference }
    if references.isEmpty {
      works = [:]
      return
    }
    let taken = try await store.takenDue(
      Array(Set(references.values)), of: kind, by: service)
    works = references.compactMapValues { taken[$0] }
  }

  /// True for a message that is not due work at all.
  public func covers(_ job: Job) -> Bool {
    guard job.dueReference != nil else { return true }
    guard let work = works[job.event.id], let snapshot = job.event.data.snapshot else {
      return false
    }
    let attempt = job.event.data.charge?.attempt
    return work.kind == job.type && work.account == snapshot.account
      && work.invoice == snapshot.invoice?.id && (attempt == nil || attempt == work.attempt)
  }
}

extension DueWork {
  /// The end of the reference says which attempt is due.
  var attempt: Int { Self.attempt(of: reference) }

  static func attempt(of reference: String) -> Int {
    reference.split(separator: ":").last.flatMap { Int($0) } ?? 1
  }
}

extension Job {
  /// `2026-11/meter-1:2` from `due.charge:2026-11/meter-1:2`, also if a person refreshed the event;
  /// `nil` for a message that is not due work.
  var dueReference: String? {
    guard type == .dueCharge || type == .dueGrace else { return nil }
    var id = Substring(event.id)
    if event.refreshof != nil, let suffix = id.firstRange(of: Event.refreshedSuffix) {
      id = id[..<suffix.lowerBound]
    }
    let prefix = "\(type.routingKey):"
    return id.hasPrefix(prefix) ? String(id.dropFirst(prefix.count)) : String(id)
  }
}

extension Event {
  /// Ends the id of an event that a person had refreshed, before its number.
  public static let refreshedSuffix = "~refreshed-"
}

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
