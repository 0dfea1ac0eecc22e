import Billing
import Broker
import Ledger
import Services

/// What the broker holds for us: how much, and if requested, what.
struct QueueEvidence: Sendable {
  /// Messages in the services' queues and delay queues.
  var waiting = 0
  var deadLetters: [ServiceName: Int] = [:]
  var contents: QueueContents?

  static func read(_ sources: AuditSources) async throws -> QueueEvidence {
    var evidence = QueueEvidence()
    let queues = AuditedQueue.all(retryDelays: sources.retryDelays)
    for queue in queues {
      guard let depth = try await sources.depth(queue.name) else {
        throw BrokerError.noQueue(queue.name)
      }
      switch queue.role {
      case .main, .retry: evidence.waiting += depth.messages
      case .dead: evidence.deadLetters[queue.service, default: 0] += depth.messages
      }
    }
    guard let browse = sources.browse else { return evidence }
    var contents = QueueContents()
    for queue in queues {
      _ = try await browse(queue.name) { page in
        let read = page.map(QueuedMessage.init)
        let ids = read.compactMap(\.eventID)
        let committed = try await sources.ledger.committedBodies(Array(Set(ids)))
        for message in read { contents.add(message, from: queue, committed) }
      }
    }
    evidence.contents = contents
    return evidence
  }
}

/// One message of a queue, as far as it can be read.
struct QueuedMessage: Sendable {
  var delivery: Delivery
  /// `nil` if it is not a month-close message.
  var eventID: String?
  var isTrigger = false

  init(_ delivery: Delivery) {
    self.delivery = delivery
    do {
      let event = try MessageGate.decode(delivery.body, contentType: delivery.contentType)
      eventID = event.id
      isTrigger = event.type == .closeRequested
    } catch {
      eventID = nil  // An unreadable message is counted as junk; the services report the reason.
    }
  }

  var shownID: String { eventID ?? delivery.messageID.flatMap { $0.isEmpty ? nil : $0 } ?? "no id" }
}

/// Everything in our queues, sorted by what it is.
public struct QueueContents: Sendable, Equatable {
  public struct DeadLetter: Sendable, Equatable {
    public var service: ServiceName
    public var id: String
    /// As the message says itself; `nil` if none of our services put it there.
    public var reason: String?
    public var attempts: Int

    public init(service: ServiceName, id: String, reason: String?, attempts: Int) {
      self.service = service
      self.id = id
      self.reason = reason
      self.attempts = attempts
    }
  }

  public var messages = 0
  /// Ids of events, by the service whose queues they are in.
  public var ids: [ServiceName: Set<String>] = [:]
  /// Close triggers: anybody may publish one, and the ledger keeps none.
  public var triggers = 0
  /// Dead letters that their service refused as never committed, or as sent over a path their
  /// sender has no right to.
  public var refused = 0
  /// Not readable as month-close messages.
  public var junk = 0
  public var ghosts = Violations()
  /// Committed with a different body.
  public var altered = Violations()
  public var dead: [DeadLetter] = []

  public init() {}

  mutating func add(
    _ message: QueuedMessage, from queue: AuditedQueue, _ committed: [String: [[UInt8]]]
  ) {
    messages += 1
    let letter = queue.role == .dead ? deadLetter(message, queue.service) : nil
    if let letter { dead.append(letter) }
    guard let id = message.eventID else {
      junk += 1
      return
    }
    ids[queue.service, default: []].insert(id)
    if message.isTrigger {
      triggers += 1
    } else if let reason = letter?.reason, Self.refusals.contains(reason) {
      refused += 1
    } else if let bodies = committed[id] {
      if !bodies.contains(message.delivery.body) { altered.add("\(id) in \(queue.name)") }
    } else {
      ghosts.add("\(id) in \(queue.name)")
    }
  }

  private static let refusals = Set(
    [FaultReason.notCommitted, .copied, .otherKey].map(\.rawValue))

  private func deadLetter(_ message: QueuedMessage, _ service: ServiceName) -> DeadLetter {
    let headers = message.delivery.headers
    var reason: String?
    if case .string(let word)? = headers[Header.reason] { reason = word }
    return DeadLetter(
      service: service, id: message.shownID, reason: reason,
      attempts: FailureHistory(headers: headers).attempts)
  }
}

/// What a service should have received, and what it has not answered.
public struct DeliveryEvidence: Sendable, Equatable {
  public var service: ServiceName
  public var events: Int
  public var unanswered: [DeliveryTally.Unanswered]

  public init(service: ServiceName, events: Int, unanswered: [DeliveryTally.Unanswered]) {
    self.service = service
    self.events = events
    self.unanswered = unanswered
  }

  static func read(_ period: Period, _ sources: AuditSources) async throws -> [DeliveryEvidence] {
    var all: [DeliveryEvidence] = []
    for (service, keys) in MonthClose.bindings {
      let patterns = keys.map(TopicPattern.init)
      let heard = EventType.allCases.map(\.routingKey).filter { key in
        patterns.contains { $0.matches(key) }
      }
      let tally = try await sources.ledger.deliveryTally(period, to: service, routingKeys: heard)
      all.append(
        DeliveryEvidence(service: service, events: tally.events, unanswered: tally.unanswered))
    }
    return all
  }

  /// What was unanswered both before and after the queues were read: a message taken from its queue
  /// in between has its answer by now.
  static func still(
    _ before: [DeliveryEvidence], _ after: [DeliveryEvidence]
  ) -> [DeliveryEvidence] {
    zip(before, after).map { before, after in
      let open = Set(after.unanswered.map(\.id))
      var still = before
      still.unanswered.removeAll { !open.contains($0.id) }
      return still
    }
  }
}

/// What should have progressed on its own but has not.
public struct OverdueEvidence: Sendable, Equatable {
  /// Events still unconfirmed a minute after they were recorded.
  public var unpublished = Violations()
  /// Nothing at all is left to publish.
  public var isAllPublished = true

  public init() {}

  static let seconds: Int64 = 60
  private static let page = 1000

  static func read(_ sources: AuditSources) async throws -> OverdueEvidence {
    var evidence = OverdueEvidence()
    let now = sources.clock.now()
    let before = now.adding(seconds: -seconds)
    for service in ServiceName.allCases {
      let any = try await sources.ledger.unpublished(
        by: service, before: now.adding(days: 1), limit: 1)
      if !any.isEmpty { evidence.isAllPublished = false }
      let events = try await sources.ledger.unpublished(by: service, before: before, limit: page)
      for event in events { evidence.unpublished.add(event.event.id) }
    }
    return evidence
  }
}
