import Billing
import Broker
import Ledger
import Services

/// After a broker lost its data: publishes again, from the ledger alone, exactly the events whose
/// effect is missing at a service bound to them. Each goes to that service only, with its original
/// id and bytes.
public struct EventResender: Sendable {
  let store: LedgerStore
  let broker: any Broker
  let clock: LedgerClock
  let retryDelays: [Duration]

  public init(
    store: LedgerStore, broker: any Broker, clock: LedgerClock, retryDelays: [Duration]
  ) {
    self.store = store
    self.broker = broker
    self.clock = clock
    self.retryDelays = retryDelays
  }

  public struct Order: Sendable {
    public var period: Period
    /// Events recorded more recently may be in progress.
    public var olderThanSeconds: Int64
    /// Counts only.
    public var isDryRun: Bool
    /// Also while services are at work.
    public var anyway: Bool

    public init(period: Period, olderThanSeconds: Int64, isDryRun: Bool, anyway: Bool) {
      self.period = period
      self.olderThanSeconds = olderThanSeconds
      self.isDryRun = isDryRun
      self.anyway = anyway
    }
  }

  /// What was found for one service and one kind of event.
  public struct Count: Sendable, Equatable {
    public var service: ServiceName
    public var type: String
    /// Unanswered, and in no queue.
    public var missing = 0
    /// Unanswered, but still in one of the service's queues.
    public var queued = 0
    public var published = 0
    /// The first missing ones.
    public var ids: [String] = []
  }

  /// A service is busy: messages it holds cannot be distinguished from lost ones.
  public struct AtWork: Error, CustomStringConvertible {
    public var service: ServiceName
    public var why: String

    public var description: String {
      "\(service.rawValue) is busy (\(why)), so messages it holds cannot be distinguished from "
        + "lost ones; wait until it is idle, or use --anyway: that does no harm, because messages "
        + "already answered are recognised"
    }
  }

  static let page = 500
  private static let shown = 20
  /// A service that has answered something so recently is at work.
  private static let busySeconds: Int64 = 10

  public func run(_ order: Order) async throws -> [Count] {
    var counts: [Count] = []
    for (service, keys) in MonthClose.bindings {
      var question = UnansweredQuestion(
        period: order.period, service: service, routingKeys: Self.routingKeys(keys),
        before: before(order), limit: Self.page)
      counts += try await run(order, for: service) { last in
        question.after = last
        return try await store.unanswered(question)
      }
    }
    counts += try await run(order, for: .reporter) { last in
      try await store.unrecordedStages(
        order.period, before: before(order), after: last, limit: Self.page)
    }
    return counts
  }

  private func before(_ order: Order) -> Instant {
    clock.now().adding(seconds: -order.olderThanSeconds)
  }

  /// The keys events have among those a binding takes.
  static func routingKeys(_ patterns: [String]) -> [String] {
    let known = Set(EventType.allCases.map(\.routingKey))
    let taken = known.filter { key in patterns.contains { TopicPattern($0).matches(key) } }
    // Sent to one service alone: its refreshed letters.
    return taken.sorted() + patterns.filter { !$0.contains("*") && !known.contains($0) }
  }

  // MARK: One service

  /// - Parameter next: a page of the events whose effect is missing, after that number.
  private func run(
    _ order: Order, for service: ServiceName,
    _ next: (_ last: Int64) async throws -> [StoredEvent]
  ) async throws -> [Count] {
    var events = try await next(0)
    if events.isEmpty { return [] }
    if !order.anyway { try await checkQuiet(service) }
    let queued = try await messageIDs(inQueuesOf: service)
    var counts: [String: Count] = [:]
    while let last = events.last {
      // An event answered while the queues were read is not missing.
      let open = try await stillOpen(events, service)
      try await resend(open, queued, order, service, &counts)
      if events.count < Self.page { break }
      events = try await next(last.sequence)
    }
    return counts.values.sorted { $0.type < $1.type }
  }

  private func stillOpen(
    _ events: [StoredEvent], _ service: ServiceName
  ) async throws -> [StoredEvent] {
    let answered = try await store.answered(events.map(\.event.id), by: service)
    return events.filter { answered[$0.event.id] == nil }
  }

  private func resend(
    _ events: [StoredEvent], _ queued: Set<String>, _ order: Order, _ service: ServiceName,
    _ counts: inout [String: Count]
  ) async throws {
    var missing: [StoredEvent] = []
    for event in events {
      let type = event.event.type
      var count = counts[type] ?? Count(service: service, type: type)
      if queued.contains(event.event.id) {
        count.queued += 1
      } else {
        count.missing += 1
        if count.ids.count < Self.shown { count.ids.append(event.event.id) }
        missing.append(event)
      }
      counts[type] = count
    }
    if order.isDryRun || missing.isEmpty { return }
    let results = await broker.publish(missing.map { $0.message(to: service) })
    for (event, result) in zip(missing, results) {
      guard result == .confirmed else {
        let target = "\(MonthClose.exchange)/\(MonthClose.replayKey(of: service))"
        throw NotResent(event: event.event.id, target: target, result: result)
      }
      counts[event.event.type]?.published += 1
    }
  }

  // MARK: The broker's side

  private func checkQuiet(_ service: ServiceName) async throws {
    guard let depth = try await broker.depth(of: service.rawValue), depth.consumers > 0 else {
      return
    }
    if depth.messages > 0 {
      throw AtWork(service: service, why: "\(depth.messages) messages are waiting in its queue")
    }
    let since = clock.now().adding(seconds: -Self.busySeconds)
    if let last = try await store.lastAnswer(by: service), last > since {
      throw AtWork(service: service, why: "it answered a message at \(last.rfc3339)")
    }
  }

  /// In its queue, its delay queues and its dead letters, as the broker is now.
  private func messageIDs(inQueuesOf service: ServiceName) async throws -> Set<String> {
    var found: Set<String> = []
    for queue in queues(of: service) {
      guard let depth = try await broker.depth(of: queue), depth.messages > 0 else { continue }
      _ = try await broker.browse(queue, page: Self.page) {
        found.formUnion($0.compactMap(\.messageID))
      }
    }
    return found
  }

  private func queues(of service: ServiceName) -> [String] {
    [service.rawValue] + retryDelays.map { MonthClose.retryQueue(of: service, after: $0) }
      + [MonthClose.deadQueue(of: service)]
  }
}

/// The broker did not accept an event; the rest were not tried.
public struct NotResent: Error, CustomStringConvertible {
  public var event: String
  public var target: String
  public var result: PublishResult

  public var description: String {
    "\(target) did not accept \(event): \(result.why); run it again, answered events are skipped"
  }
}

extension StoredEvent {
  /// To one service alone.
  func message(to service: ServiceName) -> OutgoingMessage {
    var message = message
    message.routingKey = MonthClose.replayKey(of: service)
    message.isMandatory = true
    return message
  }
}
