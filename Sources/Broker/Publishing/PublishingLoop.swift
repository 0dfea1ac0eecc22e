import Logging

enum PublishingCommand: Sendable {
  case publish(PublishBatch)
  case close(Reply<Void>)
}

/// The publishing connection and its thread: writes what is handed in, reads confirms and returns,
/// keeps the connection alive, and opens it again when it is lost. Everything here runs on that
/// thread.
final class PublishingLoop {
  private struct Place {
    var batch: PublishBatch
    var index: Int
    var message: OutgoingMessage { batch.messages[index] }
  }
  private let nodes: BrokerNodes
  private let name: String
  private let options: BrokerOptions
  private let inbox: ThreadInbox<PublishingCommand>
  private let link: LinkState
  private let outage: OutageLog
  private let logger: Logger

  private var connection: AMQPConnection?
  private var window = ConfirmWindow<Place>()
  private var waiting = PublishQueue()
  private var blocked = false
  private var wantsRoom = false
  /// A blocked broker's silence is not a fault.
  private var unblockedAt = ContinuousClock.now
  private var wasRefused = false
  private var channelOpenedAt = ContinuousClock.now
  private var backoff: Backoff
  private var nextAttempt = ContinuousClock.now
  private var closing: Reply<Void>?

  init(
    _ nodes: BrokerNodes, name: String, options: BrokerOptions,
    inbox: ThreadInbox<PublishingCommand>, link: LinkState, outage: OutageLog, logger: Logger
  ) {
    self.nodes = nodes
    self.name = name
    self.options = options
    self.inbox = inbox
    self.link = link
    self.outage = outage
    self.logger = logger
    backoff = Backoff(floor: options.reconnectFloor, ceiling: options.reconnectCeiling)
  }

  /// `opened` receives the result of the first attempt; without a first connection the thread ends.
  func run(_ opened: Reply<Void>) {
    do {
      connection = try open()
    } catch {
      _ = inbox.close()
      return opened.resolve(.failure(error))
    }
    link.link = .connected
    opened.resolve(.success(()))
    while closing == nil {
      for command in inbox.take() { accept(command) }
      waiting.dropFinished()
      reconnectIfDue()
      do {
        try readEvents()
        try renewChannel()
        try write()
        try noticeSilence()
      } catch {
        lose(error.reason)
      }
      sleep()
    }
    end()
  }

  private func accept(_ command: PublishingCommand) {
    switch command {
    case .publish(let batch): waiting.append(batch)
    case .close(let reply): closing = reply
    }
  }

  private func open() throws(BrokerError) -> AMQPConnection {
    let opened = try nodes.open(name: name, options: options)
    do {
      try opened.selectConfirms()
      return opened
    } catch {
      let node = opened.node
      nodes.leave(node)
      throw .unreachable(host: node.host, port: node.port, why: "no confirms: \(error)")
    }
  }

  private func reconnectIfDue() {
    guard connection == nil, closing == nil, nextAttempt <= .now else { return }
    do {
      connection = try open()
      backoff.reset()
      wasRefused = false
      link.link = .connected
      logger.debug("publishing again", metadata: ["broker": "\(nodes.current)"])
      outage.found(by: Self.party)
    } catch {
      postpone("\(error)")
    }
  }

  private func lose(_ reason: String) {
    let node = connection?.node ?? nodes.current
    if let connection { nodes.leave(connection.node) }
    connection = nil
    blocked = false
    let unanswered = window.removeAll()
    // Logged before the waiting callers notice, so that they need not log it again.
    postpone(reason, ConnectionLost.sentence(node, reason), waiting: unanswered.count)
    for place in unanswered {
      place.batch.resolve(place.index, .unknown("the connection was lost: \(reason)"))
    }
  }

  private func postpone(_ reason: String, _ sentence: String? = nil, waiting: Int? = nil) {
    let pause = backoff.nextSpread()
    nextAttempt = .now + pause
    link.link = .lost(reason)
    outage.missed(by: Self.party, sentence ?? reason, waiting: waiting, next: pause)
  }

  private static let party = "publisher"

  private func readEvents() throws(ConnectionLost) {
    while let event = try connection?.nextEvent() {
      switch event {
      case .confirmed(let tag, let multiple, let taken):
        if !taken { wasRefused = true }
        window.confirm(tag: tag, multiple: multiple, taken: taken) { place, result in
          place.batch.resolve(place.index, result)
        }
      case .returned(let content, let code, let text):
        window.markReturned(.returned(code: code, text: text)) { place in
          let message = place.message
          return message.messageID == content.messageID
            && message.routingKey == content.routingKey && message.exchange == content.exchange
        }
      case .blocked(let reason):
        blocked = true
        link.link = .blocked(reason)
        logger.warning("publishing: the broker accepts nothing for now: \(reason)")
      case .unblocked:
        blocked = false
        unblockedAt = .now
        link.link = .connected
        logger.info("publishing: the broker accepts messages again")
      case .channelClosed(let closed): try reopenChannel(closed)
      case .delivered, .deliveredTooLarge, .cancelled, .cancelDone: break
      }
    }
  }

  /// A channel remembers which node led a queue when it was opened. If that node has died, RabbitMQ
  /// 3.10 refuses every message for that queue on this channel until the node is back, whereas a
  /// new channel finds the new leader. At most one per second; a full queue continues to refuse.
  private func renewChannel() throws(ConnectionLost) {
    guard let connection, wantsNewChannel, !blocked, window.count == 0 else { return }
    try connection.closeChannel()
    try openConfirmedChannel(connection)
    logger.info("publishing: messages were refused; continuing on a new channel")
  }

  private var wantsNewChannel: Bool { wasRefused && channelOpenedAt + .seconds(1) <= .now }

  /// One bad exchange name, or one key we may not publish, closes the channel for all messages.
  /// Only those for that exchange or key are returned; what happened to the others is not known.
  private func reopenChannel(_ closed: ChannelClosed) throws(ConnectionLost) {
    guard let connection else { return }
    func result(_ message: OutgoingMessage) -> PublishResult {
      closed.isAbout(message)
        ? .returned(code: closed.code, text: closed.text)
        : .unknown("the channel was closed: \(closed.code) \(closed.text)")
    }
    for place in window.removeAll() { place.batch.resolve(place.index, result(place.message)) }
    waiting.resolveAll { message in
      if case .returned(let code, let text) = result(message) {
        return .returned(code: code, text: text)
      }
      return nil
    }
    logger.error("publishing: the broker closed the channel: \(closed.code) \(closed.text)")
    try connection.acknowledgeChannelClose()
    try openConfirmedChannel(connection)
  }

  /// Its confirms count from 1 again.
  private func openConfirmedChannel(_ connection: AMQPConnection) throws(ConnectionLost) {
    precondition(window.count == 0, "messages on the previous channel are still unanswered")
    window = ConfirmWindow()
    wasRefused = false
    channelOpenedAt = .now
    try connection.openChannel()
    do {
      try connection.selectConfirms()
    } catch {
      throw ConnectionLost(reason: "no confirms: \(error)")
    }
  }

  private func write() throws(ConnectionLost) {
    wantsRoom = false
    guard let connection, !blocked, hasWork else { return }
    try connection.writing { () throws(ConnectionLost) in
      var unchecked = 0
      while hasWork {
        if unchecked <= 0 {
          guard connection.isWritable else {
            wantsRoom = true
            return
          }
          unchecked = 65_536
        }
        guard let (batch, index) = waiting.next() else { return }
        let message = batch.messages[index]
        // Before it is written, because the outcome of a write that fails half-way is not known.
        window.add(Place(batch: batch, index: index))
        try connection.publish(message)
        options.published?()
        unchecked -= message.body.count + 256
      }
    }
  }

  /// Before a new channel is opened, everything on the old one must be answered.
  private var hasWork: Bool {
    !waiting.isEmpty && window.count < options.publishWindow && !wantsNewChannel
  }

  /// A channel that leaves one message unanswered is given up, whatever else it confirms: it would
  /// block its window forever, or keep the next channel waiting for it to empty.
  private func noticeSilence() throws(ConnectionLost) {
    guard connection != nil, !blocked, let oldest = window.waitingSince,
      max(oldest, unblockedAt) + options.publishTimeout * 3 < .now
    else { return }
    throw ConnectionLost(reason: "no confirm for \(options.publishTimeout * 3)")
  }

  private func sleep() {
    if closing != nil { return }
    guard let connection else {
      return inbox.sleep(until: nextAttempt, descriptor: nil)
    }
    if connection.hasUnreadFrames { return }
    inbox.sleep(
      until: .now + connection.turnInterval, descriptor: connection.fileDescriptor,
      forWriting: wantsRoom && hasWork)
  }

  private func end() {
    let closed = PublishResult.unknown("the broker connection was closed")
    for case .publish(let batch) in inbox.close() { batch.resolveRest(closed) }
    for place in window.removeAll() { place.batch.resolve(place.index, closed) }
    waiting.resolveAll { _ in closed }
    connection?.close()
    connection = nil
    link.link = .idle
    closing?.resolve(.success(()))
  }
}
