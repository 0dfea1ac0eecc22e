import Billing
import Broker
import Testing

@testable import Ledger
@testable import Services

/// Messages that a test makes by hand: services act only on what the ledger has committed.
extension World {
  /// From now on the ledger has this event, by the service whose it is, and nobody needs to publish
  /// it. Where it has one of this id already, that one has these bytes: as if another version of
  /// the program had written it.
  func commit(_ event: Event, body: [UInt8]? = nil) async throws {
    let body = try body ?? encode(event)
    // A trigger is in no ledger.
    guard let sender = ReceivedMessage(event, body: body).sender else { return }
    let change = Change(
      service: sender, messageID: "cause of \(event.id)", events: [try event.outgoing()],
      at: clock.now())
    if case .committed(let events) = try await store.commit([change], published: [])[0] {
      _ = try await store.commit([], published: events.map(\.sequence))
    }
    try await store.connections.write { database in
      try database.run(
        "UPDATE outgoing_events SET body = ? WHERE id = ? AND service = ?",
        [body, event.id, sender.rawValue])
    }
  }

  /// Commits an event as its service would, and publishes it.
  func issue(_ event: OutgoingEvent) async throws {
    try await commit(
      MessageGate.decode(event.body, contentType: MonthClose.contentType), body: event.body)
    await publish(event)
  }

  /// What a test delivers in place of a message was committed in its place.
  func commitChanged(_ deliveries: [Delivery], insteadOf originals: [Delivery]) async throws {
    for (delivery, original) in zip(deliveries, originals) where delivery.body != original.body {
      try await commit(
        MessageGate.decode(delivery.body, contentType: nil), body: delivery.body)
    }
  }

  /// The words under which a service's dead letters lie there.
  func reasons(_ service: ServiceName) -> [String] {
    dead(service).map { DeadLetter.reason($0.headers) }
  }
}
