/// For tests only.
extension InMemoryBroker {
  /// Moves the broker's clock, for `x-message-ttl`.
  public func advance(milliseconds: Int64) {
    shared.state.withLock { $0.node.advance(milliseconds: milliseconds) }
  }

  /// The next messages are kept, but their confirms never arrive.
  public func loseConfirms(_ count: Int = 1) {
    shared.state.withLock { $0.confirmsToLose += count }
  }

  /// The next messages are refused, as by a full queue.
  public func refusePublishes(_ count: Int = 1) {
    shared.state.withLock { $0.publishesToRefuse += count }
  }

  /// All consumers lose their connections and are back at once; what was unsettled comes again.
  public func loseConnections() {
    shared.state.withLock { $0.node.loseAllConnections() }
  }

  /// The next message delivered from the queue is delivered once more, while the first is
  /// unsettled.
  public func duplicateNextDelivery(of queue: String) {
    shared.state.withLock { $0.node.duplicateNextDelivery(of: queue) }
  }

  /// An alarm: it accepts no messages until the reason is `nil` again.
  public func setBlocked(_ reason: String?) {
    shared.state.withLock { $0.blocked = reason }
  }

  /// Makes it unreachable, and reachable again: nothing is delivered, published or answered in
  /// between.
  public func setReachable(_ reachable: Bool) {
    shared.state.withLock { state in
      if !reachable { state.node.loseAllConnections() }
      state.node.reachable = reachable
    }
  }

  /// The messages ready in a queue, first one first; not those a consumer has.
  public func messages(in queue: String) -> [OutgoingMessage] {
    shared.state.withLock { $0.node.queues[queue]?.messages ?? [] }
  }

  public func delete(queues: [String], exchanges: [String] = []) {
    shared.state.withLock { $0.node.delete(queues: queues, exchanges: exchanges) }
  }
}

/// For the simulator only.
extension InMemoryBroker {
  /// This client's consumers lose their connection and are back at once.
  package func loseOwnConnections() {
    let ids = own.withLock { $0.consumers.keys.sorted() }
    shared.state.withLock { state in
      for id in ids { state.node.loseConnection(id) }
      state.node.dispatchAll()
    }
  }

  /// Every binding is gone, as after a mistake of an operator; `apply` brings them back.
  package func unbindAll() {
    shared.state.withLock { $0.node.bindings = [] }
  }

  /// Takes everything out of a queue.
  package func takeAll(from queue: String) -> [OutgoingMessage] {
    shared.state.withLock { state in
      var taken: [OutgoingMessage] = []
      while let next = state.node.queues[queue]?.takeFirst() { taken.append(next.message) }
      return taken
    }
  }

  /// Milliseconds until the next message's time is up, by the broker's clock.
  package var millisecondsToNextExpiry: Int64? {
    shared.state.withLock { state in
      state.node.queues.values.compactMap(\.nextExpiry).min().map { max(0, $0 - state.node.now) }
    }
  }

  /// Messages by queue, those included that a consumer has and has not settled; empty queues left
  /// out.
  package var contents: [String: Int] {
    shared.state.withLock { state in
      var counts = state.node.queues.mapValues(\.count)
      for consumer in state.node.consumers.values {
        counts[consumer.queue, default: 0] += consumer.unsettled.count
      }
      return counts.filter { $0.value > 0 }
    }
  }
}
