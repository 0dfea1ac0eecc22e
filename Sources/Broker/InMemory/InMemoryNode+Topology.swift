/// Declarations and comparisons, with differences worded as those read from the real broker.
extension InMemoryNode {
  func depth(of queue: String) -> QueueDepth? {
    queues[queue].map { found in
      // As a quorum queue counts: a cancelled consumer until it has settled everything.
      let count = consumers.values.count {
        $0.queue == queue && !($0.stopped && $0.unsettled.isEmpty)
      }
      return QueueDepth(messages: found.count, consumers: count)
    }
  }

  mutating func apply(_ topology: Topology) -> [TopologyDifference] {
    for exchange in topology.exchanges where exchanges[exchange.name] == nil {
      exchanges[exchange.name] = exchange.kind
    }
    for queue in topology.queues where queues[queue.name] == nil {
      queues[queue.name] = InMemoryQueue(arguments: queue.arguments)
    }
    var found = differences(from: topology)
    for binding in topology.bindings {
      if let difference = bind(binding) { found.append(difference) }
    }
    bindings.removeAll(where: topology.retired.contains)
    retryDeadLetters()
    return found
  }

  func differences(from topology: Topology) -> [TopologyDifference] {
    topology.exchanges.compactMap(difference(of:)) + topology.queues.compactMap(difference(of:))
  }

  mutating func delete(queues names: [String], exchanges gone: [String]) {
    for name in gone {
      exchanges[name] = nil
      bindings.removeAll { $0.exchange == name }
    }
    for name in names {
      queues[name] = nil
      bindings.removeAll { $0.queue == name }
    }
  }

  private mutating func bind(_ binding: Topology.Binding) -> TopologyDifference? {
    for (missing, what) in [
      (exchanges[binding.exchange] == nil, "exchange '\(binding.exchange)'"),
      (queues[binding.queue] == nil, "queue '\(binding.queue)'"),
    ] where missing {
      return TopologyDifference(
        what: "binding of \(binding.queue) to \(binding.exchange) for \(binding.routingKey)",
        expected: "declared",
        found: "the broker refuses: 404 NOT_FOUND - no \(what) in vhost '/'")
    }
    if !bindings.contains(binding) { bindings.append(binding) }
    return nil
  }

  private func difference(of exchange: Topology.Exchange) -> TopologyDifference? {
    guard let kind = exchanges[exchange.name] else { return .missing("exchange \(exchange.name)") }
    if kind == exchange.kind { return nil }
    return TopologyDifference(
      what: "exchange \(exchange.name)", expected: "type = \(exchange.kind)",
      found: "type = \(kind)")
  }

  private func difference(of queue: Topology.Queue) -> TopologyDifference? {
    guard let found = queues[queue.name] else { return .missing("queue \(queue.name)") }
    let names = Set(found.arguments.keys).union(queue.arguments.keys).sorted()
    for name in names where found.arguments[name] != queue.arguments[name] {
      return TopologyDifference(
        what: "queue \(queue.name)",
        expected: "\(name) = \(queue.arguments[name]?.plain ?? "none")",
        found: "\(name) = \(found.arguments[name]?.plain ?? "none")")
    }
    return nil
  }
}
