import Broker
import Operations
import Services

/// Checks that the broker allows everything needed to move letters, without moving any.
struct DeadDoor {
  var broker: any Broker

  func check(publishing: Bool, _ queues: Set<String>) async throws {
    for queue in queues.sorted() {
      guard try await broker.depth(of: queue) != nil else { throw BrokerError.noQueue(queue) }
      try await DeadLetterReader.waitForOthers(queue, broker)
    }
    if publishing { try await checkPublishing() }
  }

  /// If the user may publish to the exchange, a message that no queue receives is returned.
  private func checkPublishing() async throws {
    let message = OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: MonthClose.rightsKey, messageID: "rights-asked",
      contentType: "text/plain", body: [])
    switch await broker.publish([message])[0] {
    case .returned(403, let text):
      throw Problem(
        "this user may not publish to the exchange \(MonthClose.exchange): \(text); "
          + "nothing was moved")
    case .returned(404, _):
      throw Problem(
        "there is no exchange \(MonthClose.exchange): run closectl topology apply; "
          + "nothing was moved")
    case .returned, .confirmed: return
    case .refused: throw Problem("the broker accepts no messages; nothing was moved")
    case .unknown(let why):
      throw BrokerError.timedOut(
        "cannot tell whether publishing is allowed (\(why)); nothing was moved")
    }
  }
}
