import Billing
import Broker
import Ledger
import Logging

/// Publishes recorded events. Unconfirmed events stay recorded as unpublished and are published
/// again later, by this process or another: same id, same bytes.
public struct Outbox: Sendable {
  let desk: LedgerSession
  let broker: any Broker
  let logger: Logger
  private let log: PublishLog

  public init(desk: LedgerSession, broker: any Broker, logger: Logger) {
    self.desk = desk
    self.broker = broker
    self.logger = logger
    log = PublishLog(logger)
  }

  /// How many the broker has confirmed.
  @discardableResult
  public func publish(_ events: [StoredEvent]) async -> Int {
    if events.isEmpty { return 0 }
    desk.reached(.beforePublish)
    let start = desk.metrics.map { _ in ContinuousClock.now }
    let results = await broker.publish(events.map(\.message))
    desk.reached(.confirmed)
    if let start { desk.metrics?.publishing.record(since: start) }
    desk.metrics?.count(results)
    let confirmed = zip(events, results).filter { $1 == .confirmed }.map { $0.0.sequence }
    desk.published.add(confirmed)
    log.tell(
      zip(events, results).map { ($0.event.routingKey, $1) }, isLost: await isLost,
      next: Self.relayInterval)
    for (event, result) in zip(events, results) where result != .confirmed {
      logger.debug(
        "an event is not published yet",
        metadata: event.shown.merging(["why": "\(result.why)"]) { $1 })
    }
    return confirmed.count
  }

  /// Logged by its connection.
  var isLost: Bool {
    get async {
      switch await broker.health.publishing {
      case .lost, .blocked: true
      case .idle, .connected: false
      }
    }
  }

  /// How often to look for left-over events.
  static let relayInterval = Duration.seconds(MaintenanceLoop.relayAfterSeconds)

  /// If the broker knows us under a name other than the one in our URL, messages carry no name.
  func publishStating(_ messages: [OutgoingMessage]) async -> [PublishResult] {
    var results = await broker.publish(messages)
    var again: [Int] = []
    for (index, result) in results.enumerated() {
      if case .returned(406, _) = result, messages[index].user != nil { again.append(index) }
    }
    if again.isEmpty { return results }
    let nameless = again.map { index in
      var message = messages[index]
      message.user = nil
      return message
    }
    for (index, result) in zip(again, await broker.publish(nameless)) { results[index] = result }
    return results
  }

  static let page = 500

  /// Publishes events recorded more than `seconds` ago and not known to be published, left by a
  /// crash or by an unavailable broker. Each event once; `false` if the broker did not accept all
  /// of them.
  @discardableResult
  public func relay(of services: [ServiceName], olderThanSeconds seconds: Int64) async throws
    -> Bool
  {
    try await flush()
    var (found, published) = (0, 0)
    for service in services {
      var last: Int64 = 0
      while true {
        let before = desk.clock.now().adding(seconds: -seconds)
        let left = try await desk.store.unpublished(
          by: service, before: before, after: last, limit: Self.page)
        guard let end = left.last else { break }
        last = end.sequence
        desk.reached(.beforeRelay)
        desk.metrics?.publishedAgain.increment(by: left.count)
        found += left.count
        published += await publish(left)
        try await flush()
        if left.count < Self.page { break }
      }
    }
    if published > 0 {
      logger.info("left-over events were published", metadata: ["events": .number(published)])
    }
    return published == found
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
      logger.debug("due work", metadata: ["messages": .number(events.count)])
      desk.metrics?.dueWork.increment(by: events.count)
      await publish(events)
      if events.count < Self.page { return }
    }
  }

  /// Records confirms if no other commit does so.
  @discardableResult
  public func flush() async throws -> Int {
    let marks = desk.published.take()
    if marks.isEmpty { return 0 }
    desk.published.add(marks)
    _ = try await desk.commit([])
    return marks.count
  }
}

extension StoredEvent {
  /// Identifies the event in a log.
  fileprivate var shown: Logger.Metadata {
    var shown: Logger.Metadata = ["event": "\(event.id)"]
    // Our own bodies are readable; if one is not, the line is still useful without its trace.
    let decoded = try? MessageGate.decode(event.body, contentType: MonthClose.contentType)
    if let decoded { shown["trace"] = "\(decoded.trace.traceID)" }
    return shown
  }

  public var message: OutgoingMessage {
    OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: event.routingKey, messageID: event.id,
      type: event.type, contentType: MonthClose.contentType, body: event.body,
      isMandatory: MessageCatalogue.isHeard(event.routingKey))
  }
}
