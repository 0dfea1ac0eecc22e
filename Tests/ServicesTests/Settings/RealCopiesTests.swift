import Billing
import Foundation
import Ledger
import Logging
import Testing

@testable import Broker
@testable import Services

/// What a user of the broker reaches by the headers `CC` and `BCC`, for which RabbitMQ checks no
/// rights, and what the services make of it.
@Suite(
  .enabled(
    if: RabbitMQUnderTest.isThere,
    "MONTHCLOSE_TEST_BROKER_URL or MONTHCLOSE_TEST_RABBITMQCTL is not set: no copies are tried"),
  .serialized, .timeLimit(.minutes(3)))
struct RealCopiesTests {
  private func connect(_ url: BrokerURL) async throws -> RabbitMQBroker {
    try await RabbitMQBroker.connect(
      url, name: "copies", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// The event that a key is for; to a key that is for none, the most dangerous there is.
  private func message(
    _ user: String, _ header: String, _ key: String, under own: String
  ) throws -> OutgoingMessage {
    let type = EventType.allCases.first { $0.routingKey == key } ?? .closeRequested
    let event = try EventSamples.event(type)
    return OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: own, messageID: "\(user) \(header) \(key)",
      type: event.type.rawValue, contentType: MonthClose.contentType,
      headers: [header: .list([key])],
      body: try encode(event))
  }

  /// Every user that may publish at all, by each header, to every key there is.
  private func publishCopies(_ url: (String) throws -> BrokerURL) async throws -> Int {
    var sent = 0
    for user in RealRightsTests.users {
      guard let own = user.publishes.last else { continue }
      let broker = try await connect(url("monthclose-\(user.name)"))
      for header in ["CC", "BCC"] {
        let messages = try RealRightsTests.keys.map {
          try message(user.name, header, $0, under: own)
        }
        let results = await broker.publish(messages)
        #expect(results.allSatisfy { $0 == .confirmed }, "the broker checks no rights for them")
        sent += messages.count
      }
      await broker.close()
    }
    return sent
  }

  @Test func `Copies reach every queue and count in none`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await RabbitMQUnderTest.withUsers { url in
      let sent = try await publishCopies(url)
      try await Task.sleep(for: .seconds(2))  // Out of the delay queues.
      var (arrived, refused) = (0, 0)
      var counted: Set<String> = []
      for service in MonthClose.services {
        let broker = try await connect(url("monthclose-\(service.rawValue)"))
        let admission = Admission(service: service, user: broker.user)
        var page: [Delivery] = []
        _ = try await broker.browse(service.rawValue, page: 1000) { page += $0 }
        await broker.close()
        for delivery in page {
          arrived += 1
          guard case .admitted(let job) = admission.job(from: delivery),
            try await world.store.recognise([job.received], by: service) == [.fresh]
          else {
            refused += 1
            continue
          }
          counted.insert("\(service.rawValue): \(delivery.messageID ?? "")")
        }
      }
      print("copies: \(sent) sent, \(arrived) arrived in services' queues, \(refused) refused")
      #expect(arrived > sent, "void: the copies did not arrive")
      // Its right, whatever else it tried: a message under the trigger's own key, by BCC.
      let triggers = RealRightsTests.keys.filter { key in
        !EventType.allCases.contains { $0.routingKey == key && $0 != .closeRequested }
      }
      #expect(counted == Set(triggers.map { "invoicer: trigger BCC \($0)" }))
    }
  }

  @Test func `Nobody can say another user's name`() async throws {
    try await RabbitMQUnderTest.withUsers { url in
      let broker = try await connect(url("monthclose-mailer"))
      var message = try message("mailer", "none", "close.requested", under: "mailer.dead")
      message.headers = [:]
      message.user = "monthclose-mailer"
      #expect(await broker.publish([message]) == [.confirmed])
      message.user = "monthclose-invoicer"
      guard case .returned(406, let text) = await broker.publish([message])[0] else {
        Issue.record("the broker took another user's name")
        return
      }
      #expect(text.contains("user_id property"))
      var found: [Delivery] = []
      let operate = try await connect(url("monthclose-operator"))
      _ = try await operate.browse("mailer.dead", page: 10) { found += $0 }
      #expect(found.map(\.user) == ["monthclose-mailer"])
      await operate.close()
      await broker.close()
    }
  }
}
