import CRabbitMQ

/// Declarations on a connection's channel. A refusal closes the channel; it is opened again before
/// the refusal is reported, so that the next declaration can follow.
extension AMQPConnection {
  private enum Declared {
    case done
    case refused(ChannelClosed)
  }

  /// How often to ask again for a depth of 0 that came too slowly to be trusted.
  private static let doubts = 20

  /// `nil` when there is no such queue. A busy quorum queue does not report its depth to the broker
  /// in time; after a quarter of a second the broker answers 0, so the question is repeated.
  func depth(of queue: String) throws -> QueueDepth? {
    for _ in 0..<Self.doubts {
      let start = ContinuousClock.now
      let depth = try answeredDepth(of: queue)
      let isDoubtful = depth == QueueDepth(messages: 0, consumers: 0)
      if !isDoubtful || ContinuousClock.now - start < .milliseconds(200) { return depth }
    }
    throw ConnectionLost(reason: "queue \(queue) did not report its length")
  }

  private func answeredDepth(of queue: String) throws -> QueueDepth? {
    var depth: QueueDepth?
    let outcome = try attempt("inspecting queue \(queue)") {
      lend { arena in
        let answer = amqp_queue_declare(
          state, Self.channel, arena.bytes(queue), 1, 1, 0, 0, amqp_table_t())
        depth = answer.map {
          QueueDepth(
            messages: Int($0.pointee.message_count), consumers: Int($0.pointee.consumer_count))
        }
      }
    }
    if case .refused(let closed) = outcome, closed.code != 404 { throw closed }
    return depth
  }

  /// Creates what is missing; each difference is found on its own.
  func apply(_ topology: Topology) throws -> [TopologyDifference] {
    var found: [TopologyDifference] = []
    for exchange in topology.exchanges {
      if let difference = try declare(exchange) { found.append(difference) }
    }
    for queue in topology.queues {
      if let difference = try declare(queue) { found.append(difference) }
    }
    for binding in topology.bindings {
      if let difference = try bind(binding) { found.append(difference) }
    }
    for binding in topology.retired {
      if let difference = try unbind(binding) { found.append(difference) }
    }
    return found
  }

  /// Creates nothing: declares again, with the expected arguments, only what is there. Bindings are
  /// not looked at: AMQP cannot ask for them, and binding again would create them.
  ///
  /// `.asPermitted`: after the first declaration that the broker does not permit, which is
  /// reported, nothing more is declared.
  func differences(
    from topology: Topology, _ inspection: TopologyInspection,
    notPermitted: (ChannelClosed) -> Void
  ) throws -> [TopologyDifference] {
    var found: [TopologyDifference] = []
    var compares = true
    func compare(
      _ what: String, _ arguments: [String: HeaderValue], _ declare: () throws -> Declared
    ) throws {
      if !compares { return }
      let outcome = try declare()
      if case .refused(let closed) = outcome, closed.code == 403, inspection == .asPermitted {
        compares = false
        return notPermitted(closed)
      }
      if let difference = difference(what, outcome, expected: arguments) {
        found.append(difference)
      }
    }
    for exchange in topology.exchanges {
      let what = "exchange \(exchange.name)"
      if try isMissing(exchange) {
        found.append(.missing(what))
      } else {
        try compare(what, [:]) { try declared(exchange) }
      }
    }
    for queue in topology.queues {
      let what = "queue \(queue.name)"
      if try depth(of: queue.name) == nil {
        found.append(.missing(what))
      } else {
        try compare(what, queue.arguments) { try declared(queue) }
      }
    }
    return found
  }

  func delete(queue: String) throws {
    try attempt("deleting queue \(queue)") {
      lend { arena in _ = amqp_queue_delete(state, Self.channel, arena.bytes(queue), 0, 0) }
    }
  }

  func delete(exchange: String) throws {
    try attempt("deleting exchange \(exchange)") {
      lend { arena in _ = amqp_exchange_delete(state, Self.channel, arena.bytes(exchange), 0) }
    }
  }

  private func isMissing(_ exchange: Topology.Exchange) throws -> Bool {
    let outcome = try attempt("inspecting exchange \(exchange.name)") {
      lend { arena in
        _ = amqp_exchange_declare(
          state, Self.channel, arena.bytes(exchange.name), arena.bytes(exchange.kind), 1, 1, 0, 0,
          amqp_table_t())
      }
    }
    guard case .refused(let closed) = outcome else { return false }
    if closed.code == 404 { return true }
    throw closed
  }

  private func declared(_ exchange: Topology.Exchange) throws -> Declared {
    try attempt("declaring exchange \(exchange.name)") {
      lend { arena in
        _ = amqp_exchange_declare(
          state, Self.channel, arena.bytes(exchange.name), arena.bytes(exchange.kind), 0, 1, 0, 0,
          amqp_table_t())
      }
    }
  }

  private func declare(_ exchange: Topology.Exchange) throws -> TopologyDifference? {
    difference("exchange \(exchange.name)", try declared(exchange), expected: [:])
  }

  private func declared(_ queue: Topology.Queue) throws -> Declared {
    try attempt("declaring queue \(queue.name)") {
      lend { arena in
        _ = amqp_queue_declare(
          state, Self.channel, arena.bytes(queue.name), 0, 1, 0, 0, arena.table(queue.arguments))
      }
    }
  }

  private func declare(_ queue: Topology.Queue) throws -> TopologyDifference? {
    difference("queue \(queue.name)", try declared(queue), expected: queue.arguments)
  }

  private func bind(_ binding: Topology.Binding) throws -> TopologyDifference? {
    let outcome = try attempt("binding queue \(binding.queue)") {
      lend { arena in
        _ = amqp_queue_bind(
          state, Self.channel, arena.bytes(binding.queue), arena.bytes(binding.exchange),
          arena.bytes(binding.routingKey), amqp_table_t())
      }
    }
    let what = "binding of \(binding.queue) to \(binding.exchange) for \(binding.routingKey)"
    return difference(what, outcome, expected: [:])
  }

  /// The broker takes a binding that is not there for removed.
  private func unbind(_ binding: Topology.Binding) throws -> TopologyDifference? {
    let outcome = try attempt("unbinding queue \(binding.queue)") {
      lend { arena in
        _ = amqp_queue_unbind(
          state, Self.channel, arena.bytes(binding.queue), arena.bytes(binding.exchange),
          arena.bytes(binding.routingKey), amqp_table_t())
      }
    }
    let what = "no binding of \(binding.queue) to \(binding.exchange) for \(binding.routingKey)"
    return difference(what, outcome, expected: [:])
  }

  private func difference(
    _ what: String, _ outcome: Declared, expected: [String: HeaderValue]
  ) -> TopologyDifference? {
    guard case .refused(let closed) = outcome else { return nil }
    return TopologyDifference(what, refusal: closed, expected: expected)
  }

  @discardableResult
  private func attempt(_ doing: String, _ call: () -> Void) throws -> Declared {
    call()
    do {
      try checkReply(doing)
      return .done
    } catch let closed as ChannelClosed {
      try openChannel()
      return .refused(closed)
    }
  }
}

extension TopologyDifference {
  private static let absent = "missing"

  static func missing(_ what: String) -> TopologyDifference {
    TopologyDifference(what: what, expected: "declared", found: absent)
  }

  /// It does not exist: declaring it is enough.
  public var isMissing: Bool { found == Self.absent }

  /// Reads the argument out of the broker's words, such as `PRECONDITION_FAILED - inequivalent arg
  /// 'x-queue-type' for queue 'charger' in vhost '/': received 'quorum' but current is 'classic'`.
  init(_ what: String, refusal: ChannelClosed, expected: [String: HeaderValue]) {
    guard refusal.code == 406, let argument = Self.quoted(refusal.text, after: "inequivalent arg ")
    else {
      let found = "the broker refuses: \(refusal.code) \(refusal.text)"
      self.init(what: what, expected: "declared", found: found)
      return
    }
    let parts = refusal.text.split(separator: "but current is", maxSplits: 1)
    let received =
      Self.quoted(refusal.text, after: "received ")
      ?? Self.quoted(refusal.text, after: "received the value ")
    let current = parts.count < 2 ? nil : Self.firstQuoted(parts[1])
    let wanted = expected[argument].map(\.plain) ?? received ?? "none"
    self.init(
      what: what, expected: "\(argument) = \(wanted)", found: "\(argument) = \(current ?? "none")")
  }

  private static func quoted(_ text: String, after mark: String) -> String? {
    guard let range = text.firstRange(of: "\(mark)'") else { return nil }
    let rest = text[range.upperBound...]
    return rest.firstIndex(of: "'").map { String(rest[..<$0]) }
  }

  private static func firstQuoted(_ text: Substring) -> String? {
    let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(parts[1]) : nil
  }
}

extension HeaderValue {
  var plain: String {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .list(let texts): texts.joined(separator: ", ")
    }
  }
}
