import Billing
import Broker
import Services

/// The broker as one process sees it: the in-memory twin, over a connection that can fail.
struct BrokerPort: Broker {
  let process: SimulatedProcess

  private var simulation: Simulation { process.simulation }
  private var faults: Faults { simulation.faults }

  func consume(_ queue: String, prefetch: Int) async throws -> any Consumer {
    try await process.step()
    while true {
      do {
        return ConsumerPort(
          process: process, inner: try await process.broker.consume(queue, prefetch: prefetch))
      } catch let error as BrokerError {
        guard case .unreachable = error else { throw error }
        await simulation.timeline.sleep(milliseconds: 500)
        try await process.step()
      }
    }
  }

  func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
    let gone = messages.map { _ in PublishResult.unknown("the process is gone") }
    if messages.isEmpty { return [] }
    do { try await process.step() } catch { return gone }
    if faults.strikes(.publishSlow) { await sleep(1...3000) }
    guard process.isAlive else { return gone }
    var results: [PublishResult] = []
    for message in messages { results.append(await publish(message)) }
    if simulation.options.removed == .mandatory { results = results.map(\.withoutReturn) }
    process.note("publishes \(zip(messages, results).map(Self.line).joined(separator: ", "))")
    process.reached(.published)
    await Task.yield()
    return process.isAlive ? results : gone
  }

  private func publish(_ message: OutgoingMessage) async -> PublishResult {
    if faults.strikes(.publishDropped) { return .unknown("dropped before the broker had it") }
    let result = await process.broker.publish([message])[0]
    if result == .confirmed, faults.strikes(.confirmLost) {
      return .unknown("its confirm was lost")
    }
    return result
  }

  private static func line(_ message: OutgoingMessage, _ result: PublishResult) -> String {
    // Moved to a delay queue or to the dead letters, which the exchange knows by their names.
    let isMoved = MonthClose.services.contains { message.routingKey.hasPrefix("\($0.rawValue).") }
    let what = isMoved ? "\(message.messageID) to " : ""
    let about = isMoved ? message.routingKey : message.messageID
    return result == .confirmed ? what + about : "\(what)\(about) (\(result.word))"
  }

  func differences(
    from topology: Topology, _ inspection: TopologyInspection
  ) async throws -> [TopologyDifference] {
    try await process.step()
    return try await process.broker.differences(from: topology, inspection)
  }

  func apply(_ topology: Topology) async throws -> [TopologyDifference] {
    try await process.step()
    return try await process.broker.apply(topology)
  }

  func depth(of queue: String) async throws -> QueueDepth? {
    try await process.step()
    return try await process.broker.depth(of: queue)
  }

  func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await process.step()
    return try await process.broker.browse(queue, page: page, visit)
  }

  func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    try await process.step()
    return try await process.broker.sift(queue, page: page, visit)
  }

  var user: String? { process.broker.user }

  var health: BrokerHealth {
    get async { await process.broker.health }
  }

  func close() async { await process.broker.close() }

  private func sleep(_ range: ClosedRange<Int>) async {
    await simulation.timeline.sleep(milliseconds: Int64(simulation.draw(range)))
  }
}

/// A consumer of one process: a process that is gone gets nothing more and settles nothing.
struct ConsumerPort: Consumer {
  let process: SimulatedProcess
  let inner: any Consumer

  func next(limit: Int, linger: Duration) async -> [Delivery]? {
    guard var taken = await inner.next(limit: limit, linger: linger) else { return nil }
    do { try await process.step() } catch { return nil }
    if taken.count > 1, process.simulation.faults.strikes(.overtaken) {
      await inner.settle([Settlement(taken.removeFirst().tag, .requeue)])
    }
    process.note("takes \(taken.map { $0.messageID ?? "?" }.joined(separator: ", "))")
    if process.simulation.options.removed == .ackLast {
      await inner.settle(taken.map { Settlement($0.tag, .acknowledge) })
    }
    return taken
  }

  func settle(_ settlements: [Settlement]) async {
    do { try await process.step() } catch { return }
    if process.simulation.faults.strikes(.acknowledgementLost) {
      process.note("loses its connection with \(settlements.count) acknowledgements")
      return process.broker.loseOwnConnections()
    }
    let back = settlements.count { $0.outcome == .requeue }
    process.note("settles \(settlements.count)" + (back > 0 ? ", \(back) go back" : ""))
    await inner.settle(settlements)
  }

  func stop() async { await inner.stop() }
}

extension PublishResult {
  fileprivate var word: String {
    switch self {
    case .confirmed: "confirmed"
    case .returned(let code, _): "returned \(code)"
    case .refused: "refused"
    case .unknown(let why): why
    }
  }

  /// As a publish without `mandatory`: a confirm is all there is.
  fileprivate var withoutReturn: PublishResult {
    if case .returned = self { .confirmed } else { self }
  }
}
