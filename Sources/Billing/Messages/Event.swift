/// The kinds of messages, each with its routing key (`invoice.issued`) and version.
public enum EventType: String, Sendable, CaseIterable, Codable {
  // work
  case closeRequested = "close.requested.v1"
  case closeRange = "close.range.v1"
  case dueCharge = "due.charge.v1"
  case dueGrace = "due.grace.v1"
  // facts
  case closeStarted = "close.started.v1"
  case closeCompleted = "close.completed.v1"
  case invoiceIssued = "invoice.issued.v1"
  case invoiceParked = "invoice.parked.v1"
  case chargeSucceeded = "charge.succeeded.v1"
  case chargeDeclined = "charge.declined.v1"
  case chargeSkipped = "charge.skipped.v1"
  case chargeParked = "charge.parked.v1"
  case paymentRecorded = "payment.recorded.v1"
  case creditGranted = "credit.granted.v1"
  case creditApplied = "credit.applied.v1"
  case holdPlaced = "hold.placed.v1"
  case holdLifted = "hold.lifted.v1"
  case mailSent = "mail.sent.v1"
  case mailSuppressed = "mail.suppressed.v1"
  case mailRefused = "mail.refused.v1"

  /// The AMQP routing key: the type without its version.
  public var routingKey: String {
    String(rawValue.prefix(upTo: rawValue.lastIndex(of: ".") ?? rawValue.endIndex))
  }
}

/// The payload of every event. Which parts a type needs is listed in `EventData.required(by:)`;
/// parts a reader does not know are ignored.
public struct EventData: Codable, Sendable, Equatable {
  /// One of the ranges into which a close divides its accounts, counted from 0.
  public struct AccountRange: Codable, Sendable, Equatable {
    public var number: Int
    public var of: Int

    public init(number: Int, of: Int) {
      self.number = number
      self.of = of
    }
  }

  public struct Charge: Codable, Sendable, Equatable {
    /// 0 when nothing was attempted.
    public var attempt: Int
    public var amount: Int64
    public var declineCode: String?
    /// A soft decline's next try; absent: there will be none.
    public var nextAttemptAt: Instant?

    public init(
      attempt: Int, amount: Int64, declineCode: String? = nil, nextAttemptAt: Instant? = nil
    ) {
      self.attempt = attempt
      self.amount = amount
      self.declineCode = declineCode
      self.nextAttemptAt = nextAttemptAt
    }
  }

  public struct Mail: Codable, Sendable, Equatable {
    public var kind: MailKind
    public var about: String

    /// `about`: the id of the event that the mail reports.
    public init(kind: MailKind, about: String) {
      self.kind = kind
      self.about = about
    }
  }

  public struct Payment: Codable, Sendable, Equatable {
    public var amount: Int64
    public var reference: String

    public init(amount: Int64, reference: String) {
      self.amount = amount
      self.reference = reference
    }
  }

  public var period: Period?
  public var snapshot: Snapshot?
  public var range: AccountRange?
  public var charge: Charge?
  public var mail: Mail?
  public var payment: Payment?
  /// A rule's name, from the decision tables: why it was done or not done.
  public var reason: String?
  /// `close.completed`: how many accounts ended where.
  public var ends: [String: Int]?
  /// `close.requested`: confirms a month that is not over.
  public var early: Bool?
  /// `close.requested`: confirms a month from long ago.
  public var past: Bool?
  /// `close.requested`: adds accounts imported after the start of a running close.
  public var late: Bool?

  public init(
    period: Period? = nil, snapshot: Snapshot? = nil, range: AccountRange? = nil,
    charge: Charge? = nil,
    mail: Mail? = nil, payment: Payment? = nil, reason: String? = nil,
    ends: [String: Int]? = nil, early: Bool? = nil, past: Bool? = nil, late: Bool? = nil
  ) {
    self.period = period
    self.snapshot = snapshot
    self.range = range
    self.charge = charge
    self.mail = mail
    self.payment = payment
    self.reason = reason
    self.ends = ends
    self.early = early
    self.past = past
    self.late = late
  }
}

public enum MailKind: String, Codable, Sendable, CaseIterable {
  case invoice, receipt, declined, held, released
}

/// A message: CloudEvents 1.0 with our extension attributes.
public struct Event: Codable, Sendable, Equatable {
  public var specversion: String
  /// Made from what the event is about, so the same fact published twice has the same id.
  public var id: String
  public var type: EventType
  /// `/charger`: the service or tool that made it.
  public var source: String
  public var time: Instant
  /// The account, where there is one.
  public var subject: String?
  public var period: Period?
  /// The id of the message that led to this one.
  public var causationid: String?
  public var traceparent: String?
  /// The id of the message whose snapshot this one replaces: a person had it made.
  public var refreshof: String?
  public var datacontenttype: String?
  public var data: EventData

  public init(
    id: String, type: EventType, source: String, time: Instant, subject: String? = nil,
    period: Period? = nil, causationID: String? = nil, traceparent: String? = nil, data: EventData
  ) {
    self.specversion = "1.0"
    self.id = id
    self.type = type
    self.source = source
    self.time = time
    self.subject = subject
    self.period = period
    self.causationid = causationID
    self.traceparent = traceparent
    self.datacontenttype = "application/json"
    self.data = data
  }
}

extension EventData {
  /// A part of an event's data that some types cannot do without.
  public enum Part: String, Sendable, CaseIterable {
    case period
    case snapshot
    case invoice = "snapshot.invoice"
    case range, charge, mail, payment

    /// `data.snapshot.invoice`
    public var place: String { "data.\(rawValue)" }
  }

  public func has(_ part: Part) -> Bool {
    switch part {
    case .period: period != nil
    case .snapshot: snapshot != nil
    case .invoice: snapshot?.invoice != nil
    case .range: range != nil
    case .charge: charge != nil
    case .mail: mail != nil
    case .payment: payment != nil
    }
  }
}
