import Testing

@testable import Broker

extension BrokerSuite.Recovery {
  @Test
  func `What could not be taken off a queue is not said to be gone`() async throws {
    try await withProxy { test, broker, proxy in
      await test.send("a", ["1", "2"])
      try await test.depth("a", becomes: QueueDepth(messages: 2, consumers: 0))
      await #expect(throws: BrokerError.self) {
        _ = try await broker.sift(test.name("a"), page: 10) { page in
          proxy.cut()
          return page.map(\.tag)
        }
      }
      try await test.depth("a", becomes: QueueDepth(messages: 2, consumers: 0))
    }
  }
}
