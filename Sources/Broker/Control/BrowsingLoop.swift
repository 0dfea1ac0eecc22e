import Endpoints

extension RabbitMQBroker {
  public func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await sift(queue, page: page) { deliveries in
      try await visit(deliveries)
      return []
    }
  }

  public func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    let inbox = ThreadInbox<BrowsingCommand>()
    let browsing = loop(queue, page, inbox)
    DedicatedThread.start { browsing().run() }
    do {
      let seen = try await pages(queue, inbox, visit)
      await end(inbox)
      return seen
    } catch {
      await end(inbox)
      throw error
    }
  }

  private func pages(
    _ queue: String, _ inbox: ThreadInbox<BrowsingCommand>,
    _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    var seen = 0
    while true {
      let reply = Reply<[Delivery]>()
      inbox.post(.next(reply))
      let deliveries = try await reply.value(
        within: openingTime + options.callTimeout, "browsing \(queue)")
      if deliveries.isEmpty { return seen }
      seen += deliveries.count
      let taken = try await visit(deliveries)
      if taken.isEmpty { continue }
      let done = Reply<Void>()
      inbox.post(.takeOff(taken.map(\.number), done))
      try await done.value(within: options.callTimeout, "acknowledging in \(queue)")
    }
  }

  /// Closing the connection returns everything; the broker also does so on its own when the socket
  /// closes.
  private func end(_ inbox: ThreadInbox<BrowsingCommand>) async {
    let reply = Reply<Void>()
    guard inbox.post(.close(reply)) else { return }
    // In time or not: the thread closes its socket.
    _ = try? await reply.value(within: options.closeTimeout * 2, "closing")
  }

  private func loop(
    _ queue: String, _ page: Int, _ inbox: ThreadInbox<BrowsingCommand>
  ) -> @Sendable () -> BrowsingLoop {
    { [nodes, name, options] in
      BrowsingLoop(
        nodes, name: name, queue: queue, page: page, options: options, inbox: inbox)
    }
  }
}

enum BrowsingCommand: Sendable {
  /// The next page; an empty one is the last.
  case next(Reply<[Delivery]>)
  /// Acknowledges deliveries of the pages so far.
  case takeOff([UInt64], Reply<Void>)
  case close(Reply<Void>)
}

/// Reads a queue without removing anything: a separate connection and thread that consumes, never
/// acknowledges, and in the end closes, upon which the broker puts everything back where it was.
///
/// A page is read from the socket only when it is asked for, so only one page is kept, however long
/// the queue is. A window bounds how much the broker may send ahead; if the queue is longer than
/// one window, another consumer with its own window is opened.
final class BrowsingLoop {
  /// How long to wait in silence before asking the broker whether anything is left: others may have
  /// taken what was counted at the start.
  private static let silence = Duration.milliseconds(200)
  /// A busy broker takes time between assigning us a message and sending it: only after this many
  /// silent checks of an empty queue is nothing more on its way.
  private static let silentChecks = 15

  private let nodes: BrokerNodes
  private let name: String
  private let queue: String
  private let page: Int
  private let options: BrokerOptions
  private let inbox: ThreadInbox<BrowsingCommand>
  private var connection: AMQPConnection?
  private var expected = 0
  private var seen = 0
  private var consumers = 0
  private var isThrough = false
  private var emptyLooks = 0
  private var closing: Reply<Void>?

  init(
    _ nodes: BrokerNodes, name: String, queue: String, page: Int, options: BrokerOptions,
    inbox: ThreadInbox<BrowsingCommand>
  ) {
    self.nodes = nodes
    self.name = name
    self.queue = queue
    self.page = max(1, page)
    self.options = options
    self.inbox = inbox
  }

  func run() {
    while closing == nil {
      for command in inbox.take() { answer(command) }
      if closing != nil { break }
      let turn = connection.map { ContinuousClock.now + $0.turnInterval } ?? .now + .seconds(60)
      inbox.sleep(until: turn, descriptor: nil)
      // Nothing is read before the next page is requested, but the broker gets heartbeats.
      connection?.sendHeartbeat()
    }
    for command in inbox.close() {
      switch command {
      case .next(let reply): reply.resolve(.success([]))
      case .takeOff(_, let reply): reply.resolve(.failure(lost("it was closed")))
      case .close: break
      }
    }
    connection?.close()
    connection = nil
    closing?.resolve(.success(()))
  }

  private func answer(_ command: BrowsingCommand) {
    switch command {
    case .close(let reply): closing = reply
    case .next(let reply): reply.resolve(outcome { try nextPage() })
    case .takeOff(let numbers, let reply): reply.resolve(outcome { try takeOff(numbers) })
    }
  }

  private func outcome<Value>(_ work: () throws -> Value) -> Result<Value, BrokerError> {
    do {
      return .success(try work())
    } catch let refused as BrokerError {
      return .failure(refused)
    } catch let closed as ChannelClosed {
      return .failure(refusal(closed))
    } catch {
      return .failure(lost((error as? ConnectionLost)?.reason ?? "\(error)"))
    }
  }

  private func lost(_ why: String) -> BrokerError {
    let node = connection?.node ?? nodes.current
    return .unreachable(host: node.host, port: node.port, why: why)
  }

  /// Data that was written may never be read; the broker's answer to a later question on the same
  /// channel proves that it was.
  private func takeOff(_ numbers: [UInt64]) throws {
    guard let connection else { throw ConnectionLost(reason: "it was closed") }
    if numbers.isEmpty { return }
    try connection.writing { () throws(ConnectionLost) in
      for number in numbers {
        try connection.settle(
          SettleFrame(number: number, multiple: false, outcome: .acknowledge))
      }
    }
    _ = try connection.depth(of: queue)
  }

  // MARK: A page

  private func nextPage() throws -> [Delivery] {
    let connection = try connection ?? open()
    let end = ContinuousClock.now + options.callTimeout
    var deliveries: [Delivery] = []
    while deliveries.count < page, !isThrough, seen < expected {
      if end <= .now { throw BrokerError.timedOut("the messages of \(queue)") }
      if seen == consumers * options.browsingWindow { try consume(connection) }
      if let event = try connection.nextEvent() {
        if let delivery = try delivery(event) {
          deliveries.append(delivery)
          seen += 1
          emptyLooks = 0
        }
      } else if try isSilent(connection), try isEmpty(connection) {
        emptyLooks += 1
        isThrough = emptyLooks == Self.silentChecks
      }
    }
    return deliveries
  }

  private func open() throws -> AMQPConnection {
    let opened = try nodes.open(name: "\(name) browsing \(queue)", options: options)
    connection = opened
    guard let depth = try opened.depth(of: queue) else { throw BrokerError.noQueue(queue) }
    expected = depth.messages
    return opened
  }

  private func consume(_ connection: AMQPConnection) throws {
    consumers += 1
    try connection.consume(
      queue, prefetch: options.browsingWindow, tag: "\(name).browsing.\(consumers)")
  }

  private func delivery(_ event: AMQPEvent) throws -> Delivery? {
    switch event {
    case .delivered(let content, let redelivered, let tag):
      return Delivery(
        tag: .init(connection: 1, number: tag), queue: queue, exchange: content.exchange,
        routingKey: content.routingKey, redelivered: redelivered, messageID: content.messageID,
        type: content.type, contentType: content.contentType, headers: content.headers,
        user: content.user, body: content.body)
    case .deliveredTooLarge(let tag, _, let messageID):
      return Delivery(
        tag: .init(connection: 1, number: tag), queue: queue, exchange: "", routingKey: "",
        redelivered: false, messageID: messageID, type: nil, contentType: nil, headers: [:],
        body: [])
    case .cancelled:
      throw ConnectionLost(reason: "the broker ended the consumer; was its queue deleted?")
    case .channelClosed(let closed): throw closed
    case .confirmed, .returned, .cancelDone, .blocked, .unblocked: return nil
    }
  }

  /// Waits for more, no longer than the silence.
  private func isSilent(_ connection: AMQPConnection) throws -> Bool {
    let end = ContinuousClock.now + Self.silence
    while !connection.hasUnreadFrames {
      if end <= .now { return true }
      if connection.waitReadable(until: end) { return false }
    }
    return false
  }

  /// Messages that are neither ready nor on their way to us are held by others.
  private func isEmpty(_ connection: AMQPConnection) throws -> Bool {
    let depth = try connection.depth(of: queue)
    return depth?.messages ?? 0 == 0 && !connection.hasUnreadFrames
  }

  private func refusal(_ closed: ChannelClosed) -> BrokerError {
    closed.refusal(of: queue, to: connection?.node ?? nodes.current)
  }
}
