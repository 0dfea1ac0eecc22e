import Billing
import Broker
import Ledger

/// A message that could be read, with what is known of earlier tries.
public struct Job: Sendable {
  public var event: Event
  public var delivery: Delivery
  public var history: FailureHistory

  public init(event: Event, delivery: Delivery, history: FailureHistory = .init()) {
    self.event = event
    self.delivery = delivery
    self.history = history
  }
}

extension Job {
  public var type: EventType { event.type }

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

/// What became of a delivery; the runner moves and settles it accordingly.
enum DeliveryResult: Sendable {
  case processed(Job, Outcome)
  /// It could not be read, or arrived where it was not sent.
  case refused(Delivery, Fault)

  var delivery: Delivery {
    switch self {
    case .processed(let job, _): job.delivery
    case .refused(let delivery, _): delivery
    }
  }

  var tag: Delivery.Tag {
    switch self {
    case .processed(let job, _): job.delivery.tag
    case .refused(let delivery, _): delivery.tag
    }
  }

  /// `nil` if it was refused.
  var job: Job? {
    if case .processed(let job, _) = self { job } else { nil }
  }

  var outcome: Outcome {
    switch self {
    case .processed(_, let outcome): outcome
    case .refused(_, let fault): .dead(fault)
    }
  }

  var isDone: Bool {
    if case .processed(_, .done) = self { true } else { false }
  }

  var isHeld: Bool {
    if case .processed(_, .hold) = self { true } else { false }
  }

  var events: [StoredEvent] {
    if case .processed(_, .done(let events)) = self { events } else { [] }
  }
}

extension Outcome {
  var fault: Fault? {
    switch self {
    case .done: nil
    case .later(let fault), .dead(let fault), .hold(let fault), .putOff(let fault, _): fault
    }
  }

  var isPutOff: Bool {
    if case .putOff = self { true } else { false }
  }

  /// Events of an earlier step of the same message are published with its own. If the message is
  /// not done, they stay recorded as unpublished and follow within seconds.
  func with(_ earlier: [StoredEvent]) -> Outcome {
    if case .done(let events) = self { .done(earlier + events) } else { self }
  }
}

extension Fault {
  static let stopped = Fault(.storeUnavailable, "stopping")
}

extension FaultReason {
  /// The missing part when all messages are held for this reason.
  var part: ServiceHealth.Part? {
    switch self {
    case .storeUnavailable: .store
    case .gatewayUnauthorized: .gatewayKey
    case .gatewayUnreachable: .gateway
    case .gatewayUnlisted, .ledgerForgot: .chargeHistory
    default: nil
    }
  }

  /// The gate's words are reasons as well; a test keeps the two lists in step.
  init(_ fault: MessageFault) {
    self = FaultReason(rawValue: fault.reason) ?? .invalidField
  }
}
