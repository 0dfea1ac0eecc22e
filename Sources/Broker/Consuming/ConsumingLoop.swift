import Logging

enum ConsumingCommand: Sendable {
  case settle([Settlement])
  case stop(Reply<Void>)
  case close(Reply<Void>)
}

/// A consuming connection and its thread: reads deliveries into the buffer, writes settlements,
/// keeps the connection alive, and consumes again after it was lost. Everything here runs on that
/// thread.
final class ConsumingLoop {
  private let nodes: BrokerNodes
  private let name: String
  private let queue: String
  private let prefetch: Int
  private let options: BrokerOptions
  private let inbox: ThreadInbox<ConsumingCommand>
  private let buffer: ConsumerBuffer
  private let link: LinkState
  private let outage: OutageLog
  private let logger: Logger

  private var connection: AMQPConnection?
  /// Numbers our connections, so that a tag of an earlier one is never mistaken for one of this
  /// one.
  private var generation = 0
  private var unsettled = UnackedDeliveries()
  private var heldBackSince: ContinuousClock.Instant?
  private var backoff: Backoff
  private var nextAttempt = ContinuousClock.now
  private var stopping: Reply<Void>?
  private var stopped = false
  private var closing: Reply<Void>?

  init(
    _ nodes: BrokerNodes, name: String, queue: String, prefetch: Int, options: BrokerOptions,
    inbox: ThreadInbox<ConsumingCommand>, buffer: ConsumerBuffer, link: LinkState,
    outage: OutageLog,
    logger: Logger
  ) {
    self.nodes = nodes
    self.name = name
    self.queue = queue
    self.prefetch = prefetch
    self.options = options
    self.inbox = inbox
    self.buffer = buffer
    self.link = link
    self.outage = outage
    self.logger = logger
    backoff = Backoff(floor: options.reconnectFloor, ceiling: options.reconnectCeiling)
  }

  private var tag: String { "\(name).\(generation)" }

  /// `opened` receives the result of the first attempt; if it failed, the thread ends.
  func run(_ opened: Reply<Void>) {
    do {
      try open()
    } catch {
      _ = inbox.close()
      return opened.resolve(.failure(error))
    }
    opened.resolve(.success(()))
    while !isDone {
      let commands = inbox.take()
      reconnectIfDue()
      do {
        try readEvents()
        for command in commands { try accept(command) }
        try writeSettlements()
      } catch {
        // Commands not accepted are settlements of the lost connection, or must still be heard.
        for command in commands { hearEnd(command) }
        lose(error.reason)
      }
      sleep()
    }
    end()
  }

  /// After a stop, the connection stays only for deliveries still in progress.
  private var isDone: Bool { closing != nil || (stopped && unsettled.open == 0) }

  private func accept(_ command: ConsumingCommand) throws(ConnectionLost) {
    hearEnd(command)
    switch command {
    case .settle(let settlements):
      for settlement in settlements where settlement.tag.connection == generation {
        unsettled.settle(settlement.tag.number, settlement.outcome)
      }
    case .stop:
      if let connection { try connection.cancel(tag: tag) } else { finishStop() }
    case .close: break
    }
  }

  private func hearEnd(_ command: ConsumingCommand) {
    switch command {
    case .settle: break
    case .stop(let reply): stopping = reply
    case .close(let reply): closing = reply
    }
  }

  private func open() throws(BrokerError) {
    let opened = try nodes.open(name: "\(name) \(queue)", options: options)
    let node = opened.node
    generation += 1
    unsettled = UnackedDeliveries()
    heldBackSince = nil
    do {
      try opened.consume(queue, prefetch: prefetch, tag: tag)
    } catch let closed as ChannelClosed {
      throw closed.refusal(of: queue, to: node)
    } catch {
      // A node that does not even let us consume is no better for the next attempt.
      nodes.leave(node)
      let why = (error as? ConnectionLost)?.reason ?? "\(error)"
      throw .unreachable(host: node.host, port: node.port, why: why)
    }
    connection = opened
    link.link = .connected
  }

  private func reconnectIfDue() {
    guard connection == nil, !stopped, closing == nil, nextAttempt <= .now else { return }
    do {
      try open()
      backoff.reset()
      logger.debug(
        "consuming again", metadata: ["queue": "\(queue)", "broker": "\(nodes.current)"])
      outage.found(by: party)
    } catch {
      postpone("\(error)")
    }
  }

  private func lose(_ reason: String) {
    let node = connection?.node ?? nodes.current
    if let connection { nodes.leave(connection.node) }
    connection = nil
    let inHand = unsettled.open
    unsettled = UnackedDeliveries()
    heldBackSince = nil
    buffer.forgetAll()
    if stopping != nil { finishStop() }
    if stopped {
      link.link = .idle
    } else {
      postpone(reason, ConnectionLost.sentence(node, reason), waiting: inHand)
    }
  }

  private func postpone(_ reason: String, _ sentence: String? = nil, waiting: Int? = nil) {
    let pause = backoff.nextSpread()
    nextAttempt = .now + pause
    link.link = .lost(reason)
    outage.missed(by: party, sentence ?? reason, waiting: waiting, next: pause)
  }

  private var party: String { "consumer of \(queue)" }

  private func readEvents() throws(ConnectionLost) {
    guard let connection else { return }
    var deliveries: [Delivery] = []
    defer { if self.connection != nil { buffer.offer(deliveries) } }
    while let event = try connection.nextEvent() {
      switch event {
      case .delivered(let content, let redelivered, let number):
        unsettled.delivered(number)
        deliveries.append(delivery(content, redelivered: redelivered, number: number))
      case .deliveredTooLarge(let number, let bytes, let messageID):
        unsettled.delivered(number)
        unsettled.forget(number)
        try connection.reject(number)
        logger.error(
          "a message of \(bytes) bytes is larger than \(options.maximumBodyBytes) and was rejected",
          metadata: ["queue": "\(queue)", "message": "\(messageID ?? "without id")"])
      case .cancelled:
        throw ConnectionLost(reason: "the broker ended the consumer; was its queue deleted?")
      case .cancelDone:
        buffer.offer(deliveries)
        deliveries = []
        finishStop()
      case .channelClosed(let closed):
        throw ConnectionLost(reason: "the channel was closed: \(closed.code) \(closed.text)")
      case .blocked, .unblocked, .confirmed, .returned: break
      }
    }
  }

  private func delivery(
    _ content: AMQPContent, redelivered: Bool, number: UInt64
  ) -> Delivery {
    Delivery(
      tag: .init(connection: generation, number: number), queue: queue,
      exchange: content.exchange, routingKey: content.routingKey, redelivered: redelivered,
      messageID: content.messageID, type: content.type, contentType: content.contentType,
      headers: content.headers, user: content.user, body: content.body)
  }

  /// Deliveries not yet taken go back to the queue; taken ones can still be settled.
  private func finishStop() {
    for delivery in buffer.stop() { unsettled.settle(delivery.tag.number, .requeue) }
    stopped = true
    stopping?.resolve(.success(()))
    stopping = nil
  }

  private func writeSettlements() throws(ConnectionLost) {
    guard let connection, unsettled.heldBack > 0 else {
      heldBackSince = nil
      return
    }
    let waited = heldBackSince.map { $0 + options.acknowledgeLinger <= .now } ?? false
    let all = waited || stopped || closing != nil
    let frames = all ? unsettled.takeAll() : unsettled.takeContiguous()
    if unsettled.heldBack == 0 {
      heldBackSince = nil
    } else if heldBackSince == nil || !frames.isEmpty {
      heldBackSince = .now
    }
    if frames.isEmpty { return }
    try connection.writing { () throws(ConnectionLost) in
      for frame in frames { try connection.settle(frame) }
    }
  }

  private func sleep() {
    if isDone { return }
    guard let connection else { return inbox.sleep(until: nextAttempt, descriptor: nil) }
    if connection.hasUnreadFrames { return }
    var wakeUp = ContinuousClock.now + connection.turnInterval
    if let heldBackSince { wakeUp = min(wakeUp, heldBackSince + options.acknowledgeLinger) }
    inbox.sleep(until: wakeUp, descriptor: connection.fileDescriptor)
  }

  private func end() {
    for command in inbox.close() {
      do { try accept(command) } catch { break }  // The connection is gone: nothing can be settled.
    }
    do {
      try writeSettlements()
    } catch {
      logger.warning("closing: \(error.reason)", metadata: ["queue": "\(queue)"])
    }
    connection?.close()
    connection = nil
    buffer.stop()
    link.link = .idle
    stopping?.resolve(.success(()))
    closing?.resolve(.success(()))
  }
}
