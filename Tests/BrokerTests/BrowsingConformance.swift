import Testing

@testable import Broker

extension BrokerSuite {
  @Suite("Browsing, every implementation")
  struct Browsing {
    @Test(arguments: BrokerImplementation.available)
    func `A queue is read page by page, and all of it is there afterwards`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let ids = (0..<25).map(String.init)
        await test.send("a", ids)
        try await test.depth("a", becomes: QueueDepth(messages: 25, consumers: 0))
        for _ in 0..<2 {
          var pages: [[String]] = []
          let seen = try await test.broker.browse(test.name("a"), page: 10) {
            pages.append($0.ids)
          }
          #expect(seen == 25)
          #expect(pages.map(\.count) == [10, 10, 5])
          #expect(pages.flatMap { $0 } == ids)
          try await test.depth("a", becomes: QueueDepth(messages: 25, consumers: 0))
        }
        let consumer = try await test.broker.consume(test.name("a"), prefetch: 50)
        let again = try await test.take(25, from: consumer)
        #expect(again.ids == ids)
        #expect(again.map(\.redelivered) == ids.map { _ in true })
        #expect(again.first?.headers["x-delivery-count"] == .integer(2))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A queue longer than what the broker sends ahead is read to its end`(
      _ implementation: BrokerImplementation
    ) async throws {
      var options = BrokerOptions()
      options.browsingWindow = 3
      try await withBroker(implementation, queues: ["a"], options: options) { test in
        try await test.declare([test.queue("a")])
        let ids = (0..<11).map(String.init)
        await test.send("a", ids)
        try await test.depth("a", becomes: QueueDepth(messages: 11, consumers: 0))
        var read: [String] = []
        _ = try await test.broker.browse(test.name("a"), page: 4) { read += $0.ids }
        #expect(read.sorted() == ids.sorted())
        try await test.depth("a", becomes: QueueDepth(messages: 11, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `An empty queue has no page`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let seen = try await test.broker.browse(test.name("a"), page: 10) { _ in
          Issue.record("a page of an empty queue")
        }
        #expect(seen == 0)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A queue that is not there is named`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: []) { test in
        await #expect(throws: BrokerError.noQueue(test.name("a"))) {
          try await test.broker.browse(test.name("a"), page: 10) { _ in }
        }
      }
    }

    @Test(
      arguments: BrokerImplementation.available
    )
    func `Who stops half-way leaves everything in the queue`(_ implementation: BrokerImplementation)
      async throws
    {
      struct Enough: Error {}
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        await test.send("a", (0..<10).map(String.init))
        try await test.depth("a", becomes: QueueDepth(messages: 10, consumers: 0))
        await #expect(throws: Enough.self) {
          try await test.broker.browse(test.name("a"), page: 4) { _ in throw Enough() }
        }
        try await test.depth("a", becomes: QueueDepth(messages: 10, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `What another consumer takes meanwhile is not waited for`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let other = try await test.another()
        let consumer = try await other.consume(test.name("a"), prefetch: 5)
        await test.send("a", (0..<20).map(String.init))
        let taken = try await test.take(5, from: consumer)
        try await test.depth("a", becomes: QueueDepth(messages: 15, consumers: 1))
        var read: [String] = []
        _ = try await test.broker.browse(test.name("a"), page: 100) { page in
          read += page.ids
          await consumer.settle(taken.settlements(.acknowledge))
        }
        #expect(Set(read).isDisjoint(with: taken.ids))
        #expect(read.count <= 15)
        await other.close()
        try await test.depth("a", becomes: QueueDepth(messages: 15, consumers: 0))
      }
    }
  }
}
