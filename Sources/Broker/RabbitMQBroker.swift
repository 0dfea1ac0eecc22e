import Endpoints
import Logging
import Synchronization

/// RabbitMQ over librabbitmq: one connection and thread for publishing, one for each consumer, and
/// one for questions, opened when needed. Lost connections are restored automatically.
public final class RabbitMQBroker: Broker {
  let nodes: BrokerNodes
  let name: String
  let options: BrokerOptions
  public let user: String?
  private let logger: Logger
  /// One for all connections: they are lost together.
  private let outage: OutageLog
  private let publishing: ThreadInbox<PublishingCommand>
  private let publishingLink: LinkState
  private let control = ThreadInbox<ControlCommand>()
  private struct Consumers {
    var all: [RabbitMQConsumer] = []
    var closed = false
  }
  private let consumers = Mutex(Consumers())

  private init(
    _ nodes: BrokerNodes, _ name: String, _ options: BrokerOptions, _ logger: Logger,
    _ outage: OutageLog, _ publishing: ThreadInbox<PublishingCommand>, _ publishingLink: LinkState
  ) {
    self.nodes = nodes
    user = nodes.user
    self.name = name
    self.options = options
    self.logger = logger
    self.outage = outage
    self.publishing = publishing
    self.publishingLink = publishingLink
  }

  public static func connect(
    _ url: BrokerURL, name: String, options: BrokerOptions = .init(), logger: Logger
  ) async throws -> RabbitMQBroker {
    try await connect([url], name: name, options: options, logger: logger)
  }

  /// Connects once, to the first node that accepts us, or throws the reason: `unreachable`,
  /// `timedOut`, `untrusted`, `refusedLogin`, `noVirtualHost`; for several nodes, each one's.
  /// `name` is shown in the broker's list of connections. Close the result: its threads run until
  /// then.
  public static func connect(
    _ urls: [BrokerURL], name: String, options: BrokerOptions = .init(), logger: Logger
  ) async throws -> RabbitMQBroker {
    let nodes = BrokerNodes(urls)
    let inbox = ThreadInbox<PublishingCommand>()
    let link = LinkState()
    let outage = OutageLog(
      "waiting for the broker", back: "the broker is back", logger)
    let opened = Reply<Void>()
    DedicatedThread.start {
      PublishingLoop(
        nodes, name: "\(name) publishing", options: options, inbox: inbox, link: link,
        outage: outage, logger: logger
      ).run(opened)
    }
    let broker = RabbitMQBroker(nodes, name, options, logger, outage, inbox, link)
    let control = broker.control
    do {
      try await opened.value(
        within: options.connectTimeout * (2 * urls.count + 1),
        "connecting to \(urls.map { "\($0.host):\($0.port)" }.joined(separator: ", "))")
    } catch {
      // A connection that succeeds after all is closed again.
      inbox.post(.close(Reply()))
      throw error
    }
    DedicatedThread.start {
      ControlLoop(nodes, name: name, options: options, inbox: control, logger: logger).run()
    }
    return broker
  }

  /// Fails when the queue or the broker is not there; later losses are recovered from.
  public func consume(_ queue: String, prefetch: Int) async throws -> any Consumer {
    let inbox = ThreadInbox<ConsumingCommand>()
    let buffer = ConsumerBuffer(prefetch: prefetch)
    let link = LinkState()
    let opened = Reply<Void>()
    let consumer = RabbitMQConsumer(
      queue: queue, inbox: inbox, buffer: buffer, link: link, options: options)
    let closed = consumers.withLock { state in
      if !state.closed { state.all.append(consumer) }
      return state.closed
    }
    if closed { throw wasClosed }
    DedicatedThread.start { [nodes, name, options, outage, logger] in
      ConsumingLoop(
        nodes, name: name, queue: queue, prefetch: prefetch, options: options, inbox: inbox,
        buffer: buffer, link: link, outage: outage, logger: logger
      ).run(opened)
    }
    do {
      try await opened.value(
        within: openingTime + options.callTimeout, "consuming \(queue)")
    } catch {
      inbox.post(.close(Reply()))
      consumers.withLock { $0.all.removeAll { $0 === consumer } }
      throw error
    }
    return consumer
  }

  public func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
    if messages.isEmpty { return [] }
    let batch = PublishBatch(messages)
    for (index, message) in messages.enumerated() {
      if let misfit = message.misfit { batch.resolve(index, misfit) }
    }
    let (link, limit) = (publishingLink, options.publishTimeout)
    let deadline = Deadlines.shared.schedule(at: .now + limit) {
      batch.resolveRest(.unknown("\(link.silence), after \(limit)"))
    }
    defer { Deadlines.shared.cancel(deadline) }
    if !publishing.post(.publish(batch)) {
      batch.resolveRest(.unknown("the broker connection was closed"))
    }
    return await batch.results()
  }

  /// Exchanges and queues only: AMQP cannot ask for bindings.
  public func differences(
    from topology: Topology, _ inspection: TopologyInspection
  ) async throws -> [TopologyDifference] {
    try await ask("comparing the topology", limit: options.callTimeout * 3) {
      .differences(topology, inspection, $0)
    }
  }

  public func apply(_ topology: Topology) async throws -> [TopologyDifference] {
    try await ask("declaring the topology", limit: options.callTimeout * 3) {
      .apply(topology, $0)
    }
  }

  public func depth(of queue: String) async throws -> QueueDepth? {
    try await ask("inspecting queue \(queue)", limit: options.callTimeout) { .depth(queue, $0) }
  }

  /// For tests and measurements: the services never delete.
  func delete(queues: [String], exchanges: [String] = []) async throws {
    try await ask("deleting queues", limit: options.callTimeout * 3) {
      .delete(queues: queues, exchanges: exchanges, $0)
    }
  }

  public var health: BrokerHealth {
    get async {
      var consuming: [String: BrokerHealth.Link] = [:]
      var reconnects = publishingLink.reconnects
      for consumer in consumers.withLock({ $0.all }) {
        reconnects += consumer.link.reconnects
        // The worst of several consumers of one queue.
        if case .lost = consuming[consumer.queue] { continue }
        consuming[consumer.queue] = consumer.link.link
      }
      return BrokerHealth(
        publishing: publishingLink.link, consuming: consuming, reconnects: reconnects)
    }
  }

  /// Settlements handed in before are still written; publishes without a confirm become `.unknown`.
  /// Ends within the closing timeout, whatever the broker does.
  public func close() async {
    let open = consumers.withLock { state in
      state.closed = true
      return state.all
    }
    let (publishing, control, limit) = (publishing, control, options.closeTimeout)
    await withTaskGroup { group in
      for consumer in open { group.addTask { await consumer.close() } }
      group.addTask {
        let reply = Reply<Void>()
        guard publishing.post(.close(reply)) else { return }
        // In time or not: nothing is left to wait for.
        _ = try? await reply.value(within: limit, "closing")
      }
      group.addTask {
        let reply = Reply<Void>()
        guard control.post(.close(reply)) else { return }
        // As above.
        _ = try? await reply.value(within: limit, "closing")
      }
    }
  }

  private func ask<Value>(
    _ what: String, limit: Duration, _ command: (Reply<Value>) -> ControlCommand
  ) async throws(BrokerError) -> Value {
    let reply = Reply<Value>()
    guard control.post(command(reply)) else { throw wasClosed }
    return try await reply.value(within: limit + openingTime, what)
  }

  /// A round over all nodes at most, which is how long opening a connection may take.
  var openingTime: Duration { options.connectTimeout * (2 * nodes.urls.count) }

  private var wasClosed: BrokerError {
    .unreachable(host: nodes.current.host, port: nodes.current.port, why: "it was closed")
  }
}

/// The state that a connection's thread last reported, for others to read.
final class LinkState: Sendable {
  private struct State {
    var link = BrokerHealth.Link.idle
    var reconnects = 0
  }

  private let state = Mutex(State())

  var link: BrokerHealth.Link {
    get { state.withLock { $0.link } }
    set {
      state.withLock {
        if case .lost = $0.link, newValue == .connected { $0.reconnects += 1 }
        $0.link = newValue
      }
    }
  }

  /// How often it was lost and restored.
  var reconnects: Int { state.withLock { $0.reconnects } }

  /// Why a message has no confirm, in words.
  var silence: String {
    switch link {
    case .blocked(let reason): "the broker is blocked: \(reason)"
    case .lost(let reason): "not connected: \(reason)"
    case .connected: "the broker did not confirm it"
    case .idle: "not connected"
    }
  }
}
