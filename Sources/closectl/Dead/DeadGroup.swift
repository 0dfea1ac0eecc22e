import ArgumentParser
import Billing
import Broker
import Operations
import Services

struct DeadGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead",
    abstract: "Inspect dead letters, and replay those that are still needed.",
    discussion: """
      Connects with MONTHCLOSE_DEAD_BROKER_URL, or else MONTHCLOSE_BROKER_URL. Its user only needs \
      the right to read the queues SERVICE.dead and to write to the exchange monthclose.

      Example:
        closectl dead list --group
        closectl dead show 3f9ac2d10b7e
        closectl dead replay --service charger --reason "gateway repaired" --dry-run
      """,
    subcommands: [
      DeadList.self, DeadShow.self, DeadReplay.self, DeadRefresh.self, DeadDiscard.self,
    ])
}

/// Checks that the broker allows everything needed to move letters, without moving any.
struct MovingRights {
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
