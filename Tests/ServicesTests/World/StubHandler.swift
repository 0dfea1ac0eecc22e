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
  static func test(_ id: String = "m", _ type: EventType = .invoiceIssued) -> Event {
    Event(
      id: id, type: type, source: "/test", time: World.Time.start,
      data: EventData(period: World.period))
  }
}
