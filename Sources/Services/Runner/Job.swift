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

extension Job {
  /// The answer to a message that waits for a person: each replay is parked anew.
  var parkedID: String {
    guard case .integer(let replays)? = delivery.headers[Header.replays], replays > 0 else {
      return "\(event.id)#parked"
    }
    return "\(event.id)#parked~\(replays)"
  }
}

/// Why a message could not be processed. The words are stable: operators filter dead letters by
/// them.
public enum FaultReason: String, Sendable, CaseIterable {
  case notJSON = "not-json"
  case tooLarge = "too-large"
  case tooDeep = "too-deep"
  case duplicateKey = "duplicate-key"
  case unknownType = "unknown-type"
  case missingField = "missing-field"
  case invalidField = "invalid-field"
  case wrongContentType = "wrong-content-type"
  /// A known type, but not for this queue.
  case unexpectedType = "unexpected-type"
  /// A trigger for a month that is not over, or long past, without confirmation that it is
  /// intended.
  case periodNotOver = "period-not-over"
  case periodTooOld = "period-too-old"
  /// A trigger for a month to which no account belongs.
  case noAccounts = "no-accounts"
  /// Sent to other keys as well, by a header.
  case copied
  /// Arrived under a key that is not its type's.
  case otherKey = "other-key"
  case headersTooLarge = "headers-too-large"
  /// No such event in the ledger, by id, bytes and sending service.
  case notCommitted = "not-committed"
  case behind
  case contradiction
  case gatewayUnknown = "gateway-unknown"
  case gatewayBusy = "gateway-busy"
  case gatewayRejected = "gateway-rejected"
  case gatewayImplausible = "gateway-implausible"
  case gatewayUnauthorized = "gateway-unauthorized"
  /// Nothing was sent: the gateway cannot be reached.
  case gatewayUnreachable = "gateway-unreachable"
  /// The gateway's charges could not be listed.
  case gatewayUnlisted = "gateway-unlisted"
  /// The gateway holds charges for our invoices that the ledger does not know.
  case ledgerForgot = "ledger-forgot"
  case mailLater = "mail-later"
  /// The mail server refuses mails, and not because of a single recipient.
  case mailDenied = "mail-denied"
  /// Nothing was sent: the mail server cannot be reached or used.
  case mailUnreachable = "mail-unreachable"
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

/// The outcome of a message; the runner settles each delivery accordingly, in one place.
public enum Outcome: Sendable {
  /// Answered. The events it made are still to be published.
  case done([StoredEvent])
  /// Not now: it moves to the next retry delay, and after the last one becomes a dead letter.
  case later(Fault)
  /// Not before this much time has passed, for a reason unrelated to the message: it comes back
  /// from a delay queue without that counting as a retry.
  case putOff(Fault, after: Duration)
  /// Never in this form: it becomes a dead letter now.
  case dead(Fault)
  /// Something that every message needs is down: keep the message, pause, try again. Uses up no
  /// retry.
  case hold(Fault)
}

/// How often a message has failed, and since when; carried in its headers.
public struct FailureHistory: Sendable, Equatable {
  public var attempts: Int
  public var firstFailedAt: String?
  /// How often it was also put off without that counting as a retry.
  public var putOffs: Int

  public init(attempts: Int = 0, firstFailedAt: String? = nil, putOffs: Int = 0) {
    self.attempts = attempts
    self.firstFailedAt = firstFailedAt
    self.putOffs = putOffs
  }

  /// How often it went through a delay queue.
  var returns: Int { attempts + putOffs }

  public init(headers: [String: HeaderValue]) {
    attempts = Self.count(headers[Header.attempts])
    putOffs = Self.count(headers[Header.putOffs])
    if case .string(let time)? = headers[Header.firstFailedAt] { firstFailedAt = time }
  }

  private static func count(_ header: HeaderValue?) -> Int {
    guard case .integer(let count)? = header else { return 0 }
    return Int(min(max(count, 0), 1_000_000))
  }
}

/// What a service does with a batch, and how its due work becomes messages.
public struct Handler: Sendable {
  public var service: ServiceName
  /// One outcome per job, in order. Throws only for faults that do not belong to a single message.
  public var work: @Sendable ([Job]) async throws -> [Outcome]
  public var announceDue: (@Sendable (DueWork, AccountFacts) throws -> OutgoingEvent)?
  /// Maintenance it does every second beside its queue; returns the resulting events.
  public var lookAfter: (@Sendable () async throws -> [StoredEvent])?
  /// Whose left-over events it publishes: its own, and those of programs that do not keep running.
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
