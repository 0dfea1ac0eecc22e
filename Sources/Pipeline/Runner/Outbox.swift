import Billing
import Broker
import Ledger
import Logging

/// Publishes recorded events. What is not confirmed stays recorded as unpublished and is published
/// again later, by this process or another one: same id, same bytes.
public struct Outbox: Sendable {
  let desk: Desk
  let broker: any Broker
  let logger: Logger

  public init(desk: Desk, broker: any Broker, logger: Logger) {
    self.desk = desk
    self.broker = broker
    self.logger = logger
  }

  func publish(_ events: [StoredEvent]) async {
    if events.isEmpty { return }
    desk.reached(.beforePublish)
    let start = desk.metrics.map { _ in ContinuousClock.now }
    let results = await broker.publish(events.map(\.message))
    desk.reached(.confirmed)
    if let start { desk.metrics?.publishing.record(since: start) }
    desk.metrics?.count(results)
    var confirmed: [Int64] = []
    for (event, result) in zip(events, results) {
      switch result {
      case .confirmed: confirmed.append(event.sequence)
      case .returned(403, let text):
        logger.error(
          "the broker's user may not publish an event, it stays there: closectl topology users",
          metadata: ["key": "\(event.event.routingKey)", "answer": "\(text)"])
      case .returned(let code, let text):
        logger.error(
          "no queue is bound for an event, it stays unpublished: closectl topology apply",
          metadata: ["key": "\(event.event.routingKey)", "answer": "\(code) \(text)"])
      case .refused:
        logger.warning("the broker refused an event", metadata: event.shown)
      case .unknown(let why):
        logger.warning(
          "not confirmed, will be published again",
          metadata: event.shown.merging(["why": "\(why)"]) { $1 })
      }
    }
    desk.published.add(confirmed)
  }

  static let page = 500

  /// Publishes what was recorded more than `seconds` ago and is not known to be published: left by
  /// a crash, or by a broker that was away.
  func relay(of services: [ServiceName], olderThanSeconds seconds: Int64) async throws {
    for service in services { try await relay(of: service, olderThanSeconds: seconds) }
  }

  private func relay(of service: ServiceName, olderThanSeconds seconds: Int64) async throws {
    try await flush()
    while true {
      let before = desk.clock.now().adding(seconds: -seconds)
      let left = try await desk.store.unpublished(by: service, before: before, limit: Self.page)
      if left.isEmpty { return }
      desk.reached(.beforeRelay)
      logger.info("publishing left-over events", metadata: ["events": "\(left.count)"])
      desk.metrics?.publishedAgain.increment(by: left.count)
      await publish(left)
      let confirmed = try await flush()
      if left.count < Self.page || confirmed == 0 { return }
    }
  }

  /// Turns due work into messages.
  func fireDue(_ announce: @escaping @Sendable (DueWork, AccountFacts) throws -> OutgoingEvent)
    async throws
  {
    while true {
      let events = try await desk.store.takeDue(
        by: desk.service, at: desk.clock.now(), limit: Self.page, announce: announce)
      if events.isEmpty { return }
      desk.reached(.dueTaken)
      logger.info("due work", metadata: ["messages": "\(events.count)"])
      desk.metrics?.dueWork.increment(by: events.count)
      await publish(events)
      if events.count < Self.page { return }
    }
  }

  /// Records what was confirmed, when no other commit comes along to do it.
  @discardableResult
  func flush() async throws -> Int {
    let marks = desk.published.take()
    if marks.isEmpty { return 0 }
    desk.published.add(marks)
    _ = try await desk.commit([])
    return marks.count
  }
}

extension StoredEvent {
  /// Which event, for a log.
  fileprivate var shown: Logger.Metadata {
    var shown: Logger.Metadata = ["event": "\(event.id)"]
    // A body of ours can be read; if it cannot, the line is as good without its trace.
    let decoded = try? MessageGate.decode(event.body, contentType: MonthClose.contentType)
    if let decoded { shown["trace"] = "\(decoded.trace.traceID)" }
    return shown
  }

  var message: OutgoingMessage {
    OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: event.routingKey, messageID: event.id,
      type: event.type, contentType: MonthClose.contentType, body: event.body)
  }
}
