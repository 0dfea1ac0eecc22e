import Billing
import Broker
import Ledger

/// A message that could be read, with what is known of earlier tries.
public struct Job: Sendable {
  public var event: Event
  public var type: EventType
  public var delivery: Delivery
  public var history: FailureHistory

  public init(
    event: Event, type: EventType, delivery: Delivery, history: FailureHistory = .init()
  ) {
    self.event = event
    self.type = type
    self.delivery = delivery
    self.history = history
  }
}

/// Why a message could not be done. The words are stable: operators filter dead letters by them.
public enum FaultReason: String, Sendable, CaseIterable {
  case notJSON = "not-json"
  case tooLarge = "too-large"
  case tooDeep = "too-deep"
  case duplicateKey = "duplicate-key"
  case unknownType = "unknown-type"
  case missingField = "missing-field"
  case invalidField = "invalid-field"
  case wrongContentType = "wrong-content-type"
  /// A type that is known but not for this queue.
  case unexpectedType = "unexpected-type"
  case behind
  case contradiction
  case gatewayUnknown = "gateway-unknown"
  case gatewayBusy = "gateway-busy"
  case gatewayRejected = "gateway-rejected"
  case gatewayImplausible = "gateway-implausible"
  case gatewayUnauthorized = "gateway-unauthorized"
  case mailLater = "mail-later"
  case chargeUnsettled = "charge-unsettled"
  case storeUnavailable = "store-unavailable"
  case handlerFailed = "handler-failed"
}

public struct Fault: Sendable, Equatable {
  public var reason: FaultReason
  /// A sentence that names what and where; no personal data.
  public var explanation: String

  public init(_ reason: FaultReason, _ explanation: String) {
    self.reason = reason
    self.explanation = explanation
  }
}

/// What became of a message; the runner settles each delivery by it, in one place.
public enum Outcome: Sendable {
  /// Answered. The events it made are still to be published.
  case done([StoredEvent])
  /// Not now: one rung further on the retry ladder, after the last one a dead letter.
  case later(Fault)
  /// Never unchanged: a dead letter now.
  case dead(Fault)
  /// Something that all messages need is away: keep the message, pause, try again. Uses up nothing.
  case hold(Fault)
}

/// How often a message has failed, and since when; carried in its headers.
public struct FailureHistory: Sendable, Equatable {
  public var attempts: Int
  public var firstFailedAt: String?

  public init(attempts: Int = 0, firstFailedAt: String? = nil) {
    self.attempts = attempts
    self.firstFailedAt = firstFailedAt
  }

  init(headers: [String: HeaderValue]) {
    attempts = 0
    if case .integer(let count)? = headers[Header.attempts] {
      attempts = Int(min(max(count, 0), 1000))
    }
    if case .string(let time)? = headers[Header.firstFailedAt] { firstFailedAt = time }
  }
}

/// Headers of ours. Not `x-`: newer brokers ignore those from clients.
public enum Header {
  public static let attempts = "mc-attempts"
  public static let firstFailedAt = "mc-first-failed-at"
  public static let lastFailedAt = "mc-last-failed-at"
  public static let reason = "mc-reason"
  public static let error = "mc-error"
  public static let queue = "mc-queue"
  /// How often an operator has sent a dead letter again, and under which manifest last.
  public static let replays = "mc-replays"
  public static let replayedBy = "mc-replayed-by"
}

/// What a service does with a batch, and how its due work becomes messages.
public struct Handler: Sendable {
  public var service: ServiceName
  /// One outcome per job, in order. Throws only for faults that are not one message's own.
  public var work: @Sendable ([Job]) async throws -> [Outcome]
  public var announceDue: (@Sendable (DueWork, AccountFacts) throws -> OutgoingEvent)?
  /// What it looks after every second beside its queue; the events that came of it.
  public var lookAfter: (@Sendable () async throws -> [StoredEvent])?
  /// Whose left-over events it publishes: its own, and those of programs that do not stay.
  public var relays: [ServiceName]

  public init(
    service: ServiceName, work: @escaping @Sendable ([Job]) async throws -> [Outcome],
    announceDue: (@Sendable (DueWork, AccountFacts) throws -> OutgoingEvent)? = nil,
    lookAfter: (@Sendable () async throws -> [StoredEvent])? = nil,
    relays others: [ServiceName] = []
  ) {
    self.service = service
    self.work = work
    self.announceDue = announceDue
    self.lookAfter = lookAfter
    self.relays = [service] + others
  }
}
