import Testing

@testable import Broker

extension BrokerSuite {
  @Suite("Topology, every implementation")
  struct Topologies {
    @Test(arguments: BrokerImplementation.available)
    func `A topic exchange routes by words`(_ implementation: BrokerImplementation) async throws {
      try await withBroker(implementation, queues: ["one", "all", "two"], exchanges: ["x"]) {
        test in
        try await test.declare(
          [test.queue("one"), test.queue("all"), test.queue("two")],
          exchanges: [test.topicExchange],
          bindings: [
            test.binding("one", "invoice.*"), test.binding("all", "#"),
            test.binding("two", "*.issued.#"), test.binding("two", "invoice.#"),
          ])
        for key in ["invoice.issued", "charge.issued.v1", "mail"] {
          var message = test.message("", key)
          message.exchange = test.name("x")
          message.routingKey = key
          #expect(await test.broker.publish([message]) == [.confirmed])
        }
        for (queue, expected) in [
          ("one", ["invoice.issued"]), ("all", ["invoice.issued", "charge.issued.v1", "mail"]),
          ("two", ["invoice.issued", "charge.issued.v1"]),
        ] {
          let consumer = try await test.broker.consume(test.name(queue), prefetch: 10)
          try await #expect(test.take(expected.count, from: consumer).ids == expected)
          try await test.depth(queue, becomes: QueueDepth(messages: 0, consumers: 1))
        }
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `Applying twice changes nothing, and then all agrees`(
      _ implementation: BrokerImplementation
    ) async throws {
      try await withBroker(implementation, queues: ["a"], exchanges: ["x"]) { test in
        let topology = Topology(
          exchanges: [test.topicExchange], queues: [test.queue("a")],
          bindings: [test.binding("a", "k")])
        try await #expect(test.broker.apply(topology) == [])
        try await #expect(test.broker.apply(topology) == [])
        try await #expect(test.broker.differences(from: topology) == [])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A retired binding is removed, once or again`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"], exchanges: ["x"]) { test in
        var topology = Topology(
          exchanges: [test.topicExchange], queues: [test.queue("a")],
          bindings: [test.binding("a", "k"), test.binding("a", "mail.*")])
        try await #expect(test.broker.apply(topology) == [])
        topology.retired = [topology.bindings.removeLast()]
        for _ in 1...2 { try await #expect(test.broker.apply(topology) == []) }
        func results(_ key: String, isMandatory: Bool) async -> PublishResult? {
          var message = test.message(key, key)
          message.exchange = test.name("x")
          message.routingKey = key
          message.isMandatory = isMandatory
          return await test.broker.publish([message]).first
        }
        await #expect(results("k", isMandatory: true) == .confirmed)
        await #expect(
          results("mail.sent", isMandatory: true) == .returned(code: 312, text: "NO_ROUTE"))
        await #expect(results("mail.sent", isMandatory: false) == .confirmed)
        try await test.depth("a", becomes: QueueDepth(messages: 1, consumers: 0))
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `What is missing is named and not created`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: []) { test in
        let topology = Topology(
          exchanges: [test.topicExchange], queues: [test.queue("a"), test.queue("b")],
          bindings: [])
        let expected = [
          "exchange \(test.name("x"))", "queue \(test.name("a"))", "queue \(test.name("b"))",
        ]
        .map { TopologyDifference(what: $0, expected: "declared", found: "missing") }
        try await #expect(test.broker.differences(from: topology) == expected)
        try await #expect(test.broker.differences(from: topology) == expected)
      }
    }

    @Test(
      arguments: BrokerImplementation.available,
      [
        ("x-message-ttl", HeaderValue.integer(1000), HeaderValue.integer(2000)),
        ("x-queue-type", .string("classic"), .string("quorum")),
        ("x-dead-letter-exchange", nil, .string("dead")),
        ("x-max-length", .integer(5), nil),
        ("x-delivery-limit", .integer(5), .integer(50)),
        ("x-overflow", .string("drop-head"), .string("reject-publish")),
        ("x-dead-letter-strategy", .string("at-most-once"), .string("at-least-once")),
      ] as [(String, HeaderValue?, HeaderValue?)])
    func `A different argument is named with both values; the rest is declared`(
      _ implementation: BrokerImplementation, _ argument: (String, HeaderValue?, HeaderValue?)
    ) async throws {
      let (name, there, expected) = argument
      try await withBroker(implementation, queues: ["a", "b"], exchanges: ["x"]) { test in
        func arguments(_ value: HeaderValue?) -> [String: HeaderValue] {
          var arguments = quorum
          arguments[name] = value
          return arguments
        }
        try await test.declare([test.queue("a", arguments(there))])
        let topology = Topology(
          exchanges: [test.topicExchange],
          queues: [test.queue("a", arguments(expected)), test.queue("b")],
          bindings: [test.binding("b", "k")])
        let difference = TopologyDifference(
          what: "queue \(test.name("a"))", expected: "\(name) = \(expected?.plain ?? "none")",
          found: "\(name) = \(there?.plain ?? "none")")
        try await #expect(test.broker.apply(topology) == [difference])
        try await #expect(test.broker.differences(from: topology) == [difference])
        try await #expect(test.broker.depth(of: test.name("b")) != nil)
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `An exchange of another kind is named`(_ implementation: BrokerImplementation) async throws
    {
      try await withBroker(implementation, queues: [], exchanges: ["x"]) { test in
        try await test.declare([], exchanges: [test.topicExchange])
        let topology = Topology(
          exchanges: [.init(name: test.name("x"), kind: "direct")], queues: [], bindings: [])
        let difference = TopologyDifference(
          what: "exchange \(test.name("x"))", expected: "type = direct", found: "type = topic")
        try await #expect(test.broker.differences(from: topology) == [difference])
      }
    }

    @Test(arguments: BrokerImplementation.available)
    func `A binding to something missing is named`(_ implementation: BrokerImplementation)
      async throws
    {
      try await withBroker(implementation, queues: ["a"]) { test in
        let topology = Topology(
          exchanges: [], queues: [test.queue("a")], bindings: [test.binding("a", "k")])
        let differences = try await test.broker.apply(topology)
        #expect(differences.count == 1)
        #expect(differences.first?.found.contains("no exchange '\(test.name("x"))'") == true)
      }
    }
  }
}
