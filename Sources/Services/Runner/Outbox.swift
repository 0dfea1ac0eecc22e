import Billing
import Broker
import Ledger
import Logging

/// Publishes recorded events. Unconfirmed events stay recorded as unpublished and are published
/// again later, by this process or another: same id, same bytes.
public struct Outbox: Sendable {
  let session: LedgerSession
  let broker: any Broker
  let logger: Logger
  private let log: PublishLog

  public init(session: LedgerSession, broker: any Broker, logger: Logger) {
    self.session = session
    self.broker = broker
    self.logger = logger
    log = PublishLog(logger)
  }

  /// How many the broker has confirmed.
  @discardableResult
  public func publish(_ events: [StoredEvent]) async -> Int {
    if events.isEmpty { return 0 }
    session.crashPoint(.beforePublish)
    let start = session.metrics.map { _ in ContinuousClock.now }
    let results = await broker.publish(events.map(\.message))
    session.crashPoint(.confirmed)
    if let start { session.metrics?.publishing.record(since: start) }
    session.metrics?.count(results)
    let confirmed = zip(events, results).filter { $1 == .confirmed }.map { $0.0.sequence }
    session.confirm(confirmed)
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
    try await session.recordConfirmed()
    var (found, published) = (0, 0)
    for service in services {
      var last: Int64 = 0
      while true {
        let before = session.clock.now().adding(seconds: -seconds)
        let left = try await session.store.unpublished(
          by: service, before: before, after: last, limit: Self.page)
        guard let end = left.last else { break }
        last = end.sequence
        session.crashPoint(.beforeRelay)
        session.metrics?.publishedAgain.increment(by: left.count)
        found += left.count
        published += await publish(left)
        try await session.recordConfirmed()
        if left.count < Self.page { break }
      }
    }
    if published > 0 {
      logger.info("left-over events were published", metadata: ["events": .number(published)])
    }
    return published == found
  }

  /// Turns due work into messages.
  func fireDue(of handler: some DueWorkHandler) async throws {
    while true {
      let events = try await session.store.takeDue(
        by: session.service, at: session.clock.now(), limit: Self.page,
        announce: handler.announceDue)
      if events.isEmpty { return }
      session.crashPoint(.dueTaken)
      logger.debug("due work", metadata: ["messages": .number(events.count)])
      session.metrics?.dueWork.increment(by: events.count)
      await publish(events)
      if events.count < Self.page { return }
    }
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
      isMandatory: !MessageCatalogue.isForOthers(event.routingKey))
  }
}

/// Logs that the broker does not accept events: once for each kind of refusal while it lasts,
/// however many events there are.
final class PublishLog: Sendable {
  private let forbidden: OutageLog
  private let unbound: OutageLog
  private let refused: OutageLog
  private let unconfirmed: OutageLog
  /// The broker's connection logs its own loss, so this is only at level `debug`.
  private let lost: OutageLog

  init(_ logger: Logger) {
    forbidden = OutageLog(
      "the broker's user may not publish an event; it stays unpublished: closectl topology users",
      level: .error, logger)
    unbound = OutageLog(
      "no queue is bound for an event; it stays unpublished: closectl topology apply",
      level: .error, logger)
    refused = OutageLog(
      "the broker refuses events", back: "the broker accepts events again", logger)
    unconfirmed = OutageLog(
      "events are not confirmed; they will be published again",
      back: "events are confirmed again", logger)
    lost = OutageLog("events are waiting for the broker", level: .debug, logger)
  }

  /// `next`: until they are published again.
  func tell(
    _ results: [(key: String, result: PublishResult)], isLost: Bool, next: Duration
  ) {
    var confirmed: Set<String> = []
    var failed: [String: Int] = [:]
    var unanswered: (count: Int, why: String) = (0, "")
    for (key, result) in results {
      switch result {
      case .confirmed:
        confirmed.insert(key)
        forbidden.found(by: key)
        unbound.found(by: key)
      case .returned(403, let text):
        forbidden.missed(by: key, waiting: nil, next: next, ["key": "\(key)", "answer": "\(text)"])
      case .returned(let code, let text):
        unbound.missed(
          by: key, waiting: nil, next: next, ["key": "\(key)", "answer": "\(code) \(text)"])
      case .refused: failed[key, default: 0] += 1
      case .unknown(let why): unanswered = (unanswered.count + 1, why)
      }
    }
    for (key, count) in failed.sorted(by: { $0.key < $1.key }) {
      refused.missed(by: key, waiting: count, next: next, ["key": "\(key)"])
    }
    for key in confirmed where failed[key] == nil { refused.found(by: key) }
    if unanswered.count > 0 {
      (isLost ? lost : unconfirmed).missed(
        by: "publisher", unanswered.why, waiting: unanswered.count, next: next)
    } else if !confirmed.isEmpty {  // An answer of another kind says nothing about it.
      unconfirmed.found(by: "publisher")
      lost.found(by: "publisher")
    }
  }
}

extension PublishResult {
  /// Why a message is not with a queue, for people.
  public var why: String {
    switch self {
    case .confirmed: "it was confirmed"
    case .returned(403, let text): "the user may not publish there: \(text)"
    case .returned(501, let text), .returned(502, let text): "AMQP cannot carry it: \(text)"
    case .returned(_, let text): "no queue receives it (\(text)): closectl topology apply"
    case .refused: "the queue is full"
    case .unknown(let why): "no confirm came: \(why)"
    }
  }
}
