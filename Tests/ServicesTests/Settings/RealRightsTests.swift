import Billing
import CRabbitMQ
import Foundation
import Ledger
import Logging
import Testing

@testable import Broker
@testable import Services

/// Each user of the broker, with the rights `closectl topology users` tells, on a real RabbitMQ:
/// whatever it may do it can do, and whatever it may not is refused.
@Suite(
  .enabled(
    if: RabbitMQUnderTest.isThere,
    "MONTHCLOSE_TEST_BROKER_URL or MONTHCLOSE_TEST_RABBITMQCTL is not set: no rights are tried"),
  .serialized, .timeLimit(.minutes(3)))
struct RealRightsTests {
  /// What each user may read, and which of our exchange's keys it may publish. Written down a
  /// second time on purpose: the first is what is tested.
  static let users: [(name: String, reads: [String], publishes: [String])] = [
    (
      "invoicer", ["invoicer"],
      ["close.started", "close.range", "invoice.issued", "invoice.parked", "credit.applied"]
        + moves("invoicer")
    ),
    (
      "charger", ["charger"],
      ["charge.succeeded", "charge.declined", "charge.skipped", "charge.parked", "due.charge"]
        + moves("charger")
    ),
    ("mailer", ["mailer"], ["mail.sent", "mail.suppressed", "mail.refused"] + moves("mailer")),
    (
      "holder", ["holder"],
      ["hold.placed", "hold.lifted", "due.grace", "payment.recorded", "credit.granted"]
        + moves("holder")
    ),
    ("reporter", ["reporter"], ["close.completed"] + moves("reporter")),
    ("replay", services.map { "\($0).dead" }, services.map { "replay.\($0)" }),
    ("trigger", [], ["close.requested"]),
    ("monitor", [], []),
  ]
  /// No queue of ours is bound to them.
  static let forOthers: Set = [
    "invoice.parked", "charge.parked", "mail.sent", "mail.suppressed", "mail.refused",
  ]
  static let services = ["invoicer", "charger", "mailer", "holder", "reporter"]
  static func moves(_ service: String) -> [String] { ["\(service).dead", "\(service).retry.1s"] }

  static let queues = services.flatMap { [$0] + moves($0) }
  /// Every event there is, and every key that leads to a queue of ours.
  static let keys: [String] =
    [
      "close.requested", "close.range", "close.started", "close.completed", "invoice.issued",
      "invoice.parked", "charge.succeeded", "charge.declined", "charge.skipped", "charge.parked",
      "due.charge", "due.grace", "payment.recorded", "credit.granted", "credit.applied",
      "hold.placed", "hold.lifted", "mail.sent", "mail.suppressed", "mail.refused",
    ] + services.flatMap { ["replay.\($0)"] + moves($0) } + services + ["anything.else"]

  @Test func `What a user may not do is refused and what it may is done`() async throws {
    try await RabbitMQUnderTest.withUsers { url in
      var (tried, refused) = (0, 0)
      for user in Self.users {
        let url = try url("monthclose-\(user.name)")
        let client = try RightsClient(url)
        for act in Self.acts(user.reads) {
          tried += 1
          let outcome = try client.attempt(act)
          if outcome == 403 { refused += 1 }
          let isMine = act.isReading && user.reads.contains(act.name)
          #expect(outcome == (isMine ? nil : 403), "\(user.name): \(act)")
        }
        client.close()
        let (publishes, refusals) = try await Self.publish(url, user.publishes)
        tried += publishes
        refused += refusals
      }
      print("rights: \(tried) acts of \(Self.users.count) users tried, \(refused) refused with 403")
      // 15 queues read, purged, declared, deleted, bound and unbound, an exchange and a queue
      // declared and the exchange deleted; each key and each queue by the default exchange.
      let each = 15 * 6 + 3 + Self.keys.count + 15
      #expect(tried == Self.users.count * each, "void: an act was not tried")
      #expect(refused > 1_000)
    }
  }

  /// Reading comes first: what may be read may be purged as well, and that empties it.
  private static func acts(_ reads: [String]) -> [RightsAct] {
    let onQueues = queues.flatMap { queue -> [RightsAct] in
      [
        .read(queue), .purge(queue), .declare(queue), .deleteQueue(queue),
        .bind(queue, key: "charge.succeeded"), .unbind(queue, key: "charge.succeeded"),
      ]
    }
    return onQueues + [
      .declare("a-queue-of-my-own"), .declareExchange("monthclose"),
      .deleteExchange("monthclose"),
    ]
  }

  private static func publish(
    _ url: BrokerURL, _ allowed: [String]
  ) async throws -> (tried: Int, refused: Int) {
    let broker = try await RabbitMQBroker.connect(
      url, name: "rights", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var (tried, refused) = (0, 0)
    func publish(_ exchange: String, _ key: String) async -> PublishResult {
      tried += 1
      let result = await broker.publish([
        OutgoingMessage(
          exchange: exchange, routingKey: key, messageID: "rights-\(tried)",
          contentType: "text/plain", body: [],
          isMandatory: !forOthers.contains(key))
      ])[0]
      if case .returned(403, _) = result { refused += 1 }
      return result
    }
    for key in keys {
      let result = await publish("monthclose", key)
      if allowed.contains(key) {
        #expect(result == .confirmed, "\(url.user) to \(key)")
      } else if case .returned(403, let text) = result {
        #expect(text.hasPrefix("ACCESS_REFUSED"))
      } else {
        Issue.record("\(url.user) to \(key): \(result)")
      }
    }
    for queue in queues {
      guard case .returned(403, _) = await publish("", queue) else {
        Issue.record("\(url.user) by the default exchange to \(queue)")
        continue
      }
    }
    await broker.close()
    return (tried, refused)
  }

  @Test func `A service whose user lacks its queue says which right is missing`() async throws {
    try await RabbitMQUnderTest.withUsers { url in
      let broker = try await RabbitMQBroker.connect(
        url("monthclose-holder"), name: "rights",
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let error = await #expect(throws: BrokerError.self) {
        _ = try await broker.consume("charger", prefetch: 1)
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.hasPrefix("the broker's user monthclose-holder lacks the right to read queue"))
      #expect(text.contains("queue charger") && text.contains("closectl topology users"))
      let topology = MonthClose.topology(retryDelays: [.seconds(1)])
      #expect(try await broker.differences(from: topology, .asPermitted) == [])
      #expect(try await broker.differences(from: topology).count == topology.queues.count + 1)
      await broker.close()
    }
  }
}
