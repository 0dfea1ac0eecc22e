import Testing

@testable import Broker

extension BrokerSuite {
  @Suite("Sifting, every implementation")
  struct Sifting {
    @Test(arguments: BrokerImplementation.available)
    func `What is named is gone, the rest is there in its order`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let ids = (0..<25).map(String.init)
        await test.send("a", ids)
        try await test.depth("a", becomes: QueueDepth(messages: 25, consumers: 0))
        let seen = try await test.broker.sift(test.name("a"), page: 10) { page in
          page.filter { $0.messageID?.hasSuffix("3") == true }.map(\.tag)
        }
        #expect(seen == 25)
        try await test.depth("a", becomes: QueueDepth(messages: 22, consumers: 0))
        var left: [String] = []
        _ = try await test.broker.browse(test.name("a"), page: 50) { left += $0.ids }
        #expect(left == ids.filter { !$0.hasSuffix("3") })
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `What is thrown leaves its page, earlier pages stay taken`(
      _ implementation: BrokerImplementation
    ) async throws {
      struct Enough: Error {}
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", (0..<9).map(String.init))
        try await test.depth("a", becomes: QueueDepth(messages: 9, consumers: 0))
        var pages = 0
        await #expect(throws: Enough.self) {
          _ = try await test.broker.sift(test.name("a"), page: 3) { page in
            pages += 1
            if pages == 2 { throw Enough() }
            return page.map(\.tag)
          }
        }
        try await test.depth("a", becomes: QueueDepth(messages: 6, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A queue that is not there is named`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: []) { test in
        await #expect(throws: BrokerError.noQueue(test.name("a"))) {
          _ = try await test.broker.sift(test.name("a"), page: 3) { _ in [] }
        }
      }
    }

    /// Longer than the broker waits for a sign of life.
    @Test(arguments: BrokerImplementation.available)
    func `A visit that takes its time loses nothing`(_ implementation: BrokerImplementation)
      async throws
    {
      var options = BrokerOptions()
      options.heartbeatSeconds = 1
      try await withBroker(implementation, queues: ["a"], options: options) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", ["1", "2"])
        try await test.depth("a", becomes: QueueDepth(messages: 2, consumers: 0))
        let seen = try await test.broker.sift(test.name("a"), page: 1) { page in
          try await Task.sleep(for: .seconds(4))
          return page.map(\.tag)
        }
        #expect(seen == 2)
        try await test.depth("a", becomes: QueueDepth(messages: 0, consumers: 0))
      }
    }
  }
}
