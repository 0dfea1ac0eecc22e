import Billing
import Broker
import Ledger

@testable import Services

/// A service that does what a test says.
struct StubHandler: MessageHandler {
  let answer: @Sendable ([Job]) async throws -> [Outcome]

  init(_ answer: @escaping @Sendable ([Job]) async throws -> [Outcome]) { self.answer = answer }

  func work(_ jobs: [Job]) async throws -> [Outcome] { try await answer(jobs) }
}

extension Event {
  /// A message that says nothing in particular.
  static func test(_ id: String = "m", _ type: EventType = .closeStarted) -> Event {
    Event(
      id: id, type: type, source: "/test", time: World.Time.start,
      data: EventData(period: World.period))
  }
}

extension Delivery {
  /// As the charger gets it.
  static func test(
    _ id: String? = "m", under key: String = "invoice.issued", queue: String = "charger",
    type: String? = nil, headers: [String: HeaderValue] = [:], user: String? = nil,
    number: UInt64 = 1, body: [UInt8] = []
  ) -> Delivery {
    Delivery(
      tag: .init(connection: 1, number: number), queue: queue, exchange: MonthClose.exchange,
      routingKey: key, redelivered: false, messageID: id, type: type,
      contentType: MonthClose.contentType, headers: headers, user: user, body: body)
  }
}
