import Glibc
import Testing

@testable import Broker

@Suite("Refusals and nodes")
struct NodeTests {
  private let urls = ["amqp://one/", "amqp://two/", "amqp://three/"].compactMap { text in
    try? BrokerURL(parsing: text)
  }

  @Test
  func `Only the first who finds a node gone moves on to the next one`() {
    let nodes = BrokerNodes(urls)
    nodes.leave(urls[0])
    nodes.leave(urls[0])
    #expect(nodes.current.host == "two")
    nodes.leave(urls[1])
    nodes.leave(urls[2])
    #expect(nodes.current.host == "one")
  }

  @Test
  func `Waiting helps only where every node may come back`() {
    let away = BrokerError.unreachable(host: "a", port: 1, why: "gone")
    let wrong = BrokerError.refusedLogin(user: "u", host: "b")
    #expect(BrokerError.noNode([away, .untrusted(host: "b", port: 1, why: "expired")]).mayPass)
    #expect(!BrokerError.noNode([away, wrong]).mayPass)
    #expect(!BrokerError.notPermitted(right: "read", on: "q", user: "u", text: "").mayPass)
    #expect("\(BrokerError.noNode([away, wrong]))".contains("a:1 cannot be reached"))
  }

  @Test(arguments: [
    ("access to topic 'a.b' in exchange 'x' in vhost '/' refused for user 'u'", true, false),
    ("access to exchange 'x' in vhost '/' refused for user 'u'", true, true),
    ("no exchange 'x' in vhost '/'", true, true), ("no exchange 'y' in vhost '/'", false, false),
  ])
  func `A refusal is about the messages it names, and leaves the others alone`(
    _ text: String, _ first: Bool, _ second: Bool
  ) {
    let closed = ChannelClosed(code: 403, text: text)
    func message(_ key: String) -> OutgoingMessage {
      OutgoingMessage(exchange: "x", routingKey: key, messageID: "1", contentType: "", body: [])
    }
    #expect(closed.isAbout(message("a.b")) == first)
    #expect(closed.isAbout(message("a.c")) == second)
  }
}

extension BrokerSuite {
  @Suite(
    "Several nodes",
    .enabled(if: TestEnvironment.brokerURL != nil, TestEnvironment.noBroker))
  struct SeveralNodes {
    @Test
    func `A node that is away is passed over, and a lost one is left for the next`() async throws {
      let (listener, port) = listenOnLoopback()
      close(listener)
      var gone = try TestEnvironment.url()
      gone.port = port
      let proxies = [
        try PausableProxy(to: TestEnvironment.url()), try PausableProxy(to: TestEnvironment.url()),
      ]
      defer { for proxy in proxies { proxy.close() } }
      var options = BrokerOptions()
      options.reconnectFloor = .milliseconds(20)
      try await withBroker(.rabbitMQ, queues: ["a"]) { test in
        try await test.declare([test.queue("a")])
        let broker = try await RabbitMQBroker.connect(
          [gone] + proxies.map(\.url), name: "test of nodes", options: options, logger: .test)
        let consumer = try await broker.consume(test.name("a"), prefetch: 10)
        #expect(proxies.map(\.accepted) == [2, 0])
        proxies[0].cut(refusing: true)
        await test.send("a", ["1"])
        #expect(try await test.take(1, from: consumer).ids == ["1"])
        #expect(await broker.publish([test.message("a", "2")]) == [.confirmed])
        #expect(proxies[1].accepted == 2)
        await broker.close()
      }
    }

    @Test
    func `When no node takes us, each has its say`() async throws {
      let (listener, port) = listenOnLoopback()
      close(listener)
      let urls = try [1, 2].map { number in
        try BrokerURL(parsing: "amqp://u:p@127.0.0.\(number):\(port)/")
      }
      let error = await #expect(throws: BrokerError.self) {
        _ = try await RabbitMQBroker.connect(urls, name: "test", logger: .test)
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("127.0.0.1:\(port)") && text.contains("127.0.0.2:\(port)"))
    }
  }
}
