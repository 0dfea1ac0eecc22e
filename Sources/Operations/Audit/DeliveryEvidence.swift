import Billing
import Broker
import Ledger
import Services

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
