import Billing

/// Why something was done: what a message believed, what was found, which rule decided.
public struct DecisionRecord: Sendable, Equatable {
  public var rule: String
  public var finding: Finding
  /// One sentence for people: figures, no personal data.
  public var explanation: String
  /// The snapshot the message carried, where it carried one.
  public var believed: Snapshot?
  /// The same account at the time of the decision.
  public var found: Snapshot?

  public init(
    rule: String, finding: Finding, explanation: String, believed: Snapshot? = nil,
    found: Snapshot? = nil
  ) {
    self.rule = rule
    self.finding = finding
    self.explanation = explanation
    self.believed = believed
    self.found = found
  }
}

/// An event as it is stored and published: encoded once, the same bytes on every publish.
public struct OutgoingEvent: Sendable, Equatable {
  public var id: String
  /// `invoice.issued.v1`
  public var type: String
  public var routingKey: String
  public var account: String?
  public var period: Period?
  public var body: [UInt8]

  public init(
    id: String, type: String, routingKey: String, account: String?, period: Period?, body: [UInt8]
  ) {
    self.id = id
    self.type = type
    self.routingKey = routingKey
    self.account = account
    self.period = period
    self.body = body
  }
}

/// An outgoing event with the number the ledger gave it.
public struct StoredEvent: Sendable, Equatable {
  public var sequence: Int64
  public var service: ServiceName
  public var event: OutgoingEvent

  public init(sequence: Int64, service: ServiceName, event: OutgoingEvent) {
    self.sequence = sequence
    self.service = service
    self.event = event
  }
}

/// Work for later. `(service, kind, reference)` is unique: scheduling it again changes nothing.
public struct DueWork: Sendable, Equatable {
  public var service: ServiceName
  /// `dueCharge` or `dueGrace`.
  public var kind: EventType
  /// What it is about and which time: `2026-11/meter-1:2`.
  public var reference: String
  public var account: String
  public var invoice: String
  public var dueAt: Instant
  /// The id of the message that led to it.
  public var causationID: String?

  public init(
    service: ServiceName, kind: EventType, reference: String, account: String, invoice: String,
    dueAt: Instant, causationID: String?
  ) {
    self.service = service
    self.kind = kind
    self.reference = reference
    self.account = account
    self.invoice = invoice
    self.dueAt = dueAt
    self.causationID = causationID
  }
}

extension DueWork {
  /// How references begin that are about a charge the gateway was found to hold.
  package static func aboutFound(invoice: String) -> String { "\(invoice)#found@" }

  /// All of them, in the order of their bytes: `A` follows `@`.
  static func rangeAboutFound(invoice: String) -> (lowerBound: String, upperBound: String) {
    (aboutFound(invoice: invoice), "\(invoice)#foundA")
  }
}

/// A mail that was decided on, before and after it was handed to the mail server.
public struct MailRecord: Sendable, Equatable {
  public enum State: String, Sendable {
    case intended, sent, suppressed, refused
  }
  /// The event the mail tells of; unique together with account and kind.
  public var about: String
  public var account: String
  public var kind: MailKind
  public var period: Period?
  /// Deterministic, the same on every resend.
  public var messageID: String
  public var state: State
  /// Why it was suppressed or refused (a rule, or the server's code; no address).
  public var reason: String?

  /// The reason kept with a mail that was sent under an intent of before: its receiver may have it
  /// twice, under the same Message-ID.
  public static let resent = "sent again, the first sending has no recorded end"
  /// Begins the reason of a mail after a sending without a known end: its receiver may have it all
  /// the same. Once it is there, the ledger keeps it until the mail is sent.
  public static let perhapsSent = "an earlier sending has no recorded end; "
  /// Begins the reason of a mail that an operator wants sent once more and nobody has begun yet.
  public static let again = "to be sent again; "

  /// An operator wants it sent once more, and nobody has begun.
  public var isToBeSentAgain: Bool {
    state == .intended && reason?.hasPrefix(Self.again) == true
  }
  /// The recipient may already have it from an earlier sending.
  public var isPerhapsSent: Bool { Self.isPerhapsSent(reason) }

  public static func isPerhapsSent(_ reason: String?) -> Bool {
    reason?.contains(perhapsSent) == true
  }

  public static func withoutPerhapsSent(_ reason: String) -> String {
    reason.replacing(perhapsSent, with: "")
  }

  /// The reason for one of these, without the prefix twice.
  public static func perhapsSent(because reason: String?) -> String {
    let reason = reason ?? ""
    return reason.hasPrefix(perhapsSent) ? reason : perhapsSent + reason
  }

  public init(
    about: String, account: String, kind: MailKind, period: Period?, messageID: String,
    state: State, reason: String? = nil
  ) {
    self.about = about
    self.account = account
    self.kind = kind
    self.period = period
    self.messageID = messageID
    self.state = state
    self.reason = reason
  }
}

/// How far an account of a close's expected set has come.
public struct Milestone: OptionSet, Sendable, Hashable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let invoiced = Milestone(rawValue: 1)
  public static let settled = Milestone(rawValue: 2)
  public static let invoiceMailed = Milestone(rawValue: 4)
  public static let outcomeMailed = Milestone(rawValue: 8)
  public static let all: Milestone = [.invoiced, .settled, .invoiceMailed, .outcomeMailed]
  /// Nothing was charged, or the charge waits for a person: no mail will follow.
  public static let settledSilently: Milestone = [.settled, .outcomeMailed]
}

/// The one state every account of a close ends in.
public enum AccountEnd: String, Sendable, CaseIterable {
  case paid, nothingDue, awaitingPayment, retryScheduled, held, parked
}

/// One thing a message changes in the ledger.
public enum Write: Sendable {
  /// Stores the invoice under the next number, its lines, what was billed, and clears the account's
  /// late usage for the corrected periods. Refused when account and period have one already.
  case issue(InvoiceDraft)
  /// Posts entries: position + 1, balance, credit and the invoices' open amounts move with them.
  /// An invoice whose open amount becomes 0 becomes `paid`.
  case post(Transaction)
  /// The intent of an outside call; unique by invoice and number, and by key.
  case attempt(Attempt)
  /// The end of an attempt; refused (`stale`) unless it is still unsettled.
  case settle(Attempt)
  /// A parked attempt counts as unknown again; refused (`stale`) unless it is parked.
  case reopen(Attempt)
  /// A charge at the gateway that no attempt made; what was recorded of it before stays.
  case record(GatewayChargeRecord)
  /// This gateway has answered with the idempotency key it was given.
  case keysKept(gateway: String)
  /// A mail's intent (`intended`), including one to be sent again, or a mail that will not be sent
  /// (`suppressed`).
  case mail(MailRecord)
  /// The outcome of an intended mail: `sent` or `refused`.
  case mailEnd(MailRecord)
  /// The mail server's last answer about an intended mail that is being retried.
  case mailWaits(MailKey, String)
  /// A finished mail is to be sent again; refused (`stale`) unless it is in the given state.
  case mailReopen(MailRecord)
  /// Another sending of a finished mail, by a process that did not know: its recipient may have it
  /// twice, or although it was given up.
  case mailAgain(MailKey)
  case placeHold(account: String, invoice: String)
  case liftHold(account: String, invoice: String)
  case schedule(DueWork)
  /// All pending work of that kind for that invoice.
  case cancelDue(service: ServiceName, kind: EventType, invoice: String)
  /// Adds milestones, and sets the end when there is one, of an account in a period's expected set.
  /// Harmless for an account that is not in the set.
  case progress(account: String, period: Period, reached: Milestone, end: AccountEnd?)
  /// An account of a period's expected set that was paid awaits its payment again, because that
  /// was taken back. Harmless for one that is not in the set, or did not end as paid.
  case oweAgain(account: String, period: Period)
  /// A range of a close is fully invoiced.
  case rangeDone(period: Period, number: Int)
  /// Marks the run closed; refused (`stale`) unless every expected account is finished, and as many
  /// are expected as its writer has counted.
  case closeRun(Period, expected: Int? = nil)
}

/// Everything one message changes for one account: committed whole or not at all.
public struct Change: Sendable {
  public var service: ServiceName
  /// The message that is answered. Unique with service and account once `decision` is recorded.
  public var messageID: String
  public var account: String?
  /// Refused as stale unless the account stands exactly there.
  public var expectedPosition: Int64?
  /// Refused as stale unless no usage was imported for the account since it was read.
  public var expectedUsageVersion: Int64?
  /// `nil` for an intent, whose decision is recorded with its result.
  public var decision: DecisionRecord?
  public var writes: [Write]
  public var events: [OutgoingEvent]
  public var at: Instant

  public init(
    service: ServiceName, messageID: String, account: String? = nil,
    expectedPosition: Int64? = nil, expectedUsageVersion: Int64? = nil,
    decision: DecisionRecord? = nil, writes: [Write] = [], events: [OutgoingEvent] = [],
    at: Instant
  ) {
    self.service = service
    self.messageID = messageID
    self.account = account
    self.expectedPosition = expectedPosition
    self.expectedUsageVersion = expectedUsageVersion
    self.decision = decision
    self.writes = writes
    self.events = events
    self.at = at
  }
}

/// What became of one change of a batch. None of these is an error: errors are thrown and undo the
/// whole batch.
public enum CommitOutcome: Sendable, Equatable {
  /// Committed; the events it made, numbered, to be published next.
  case committed([StoredEvent])
  /// This service has already answered this message for this account; the events it made then, as
  /// far as their publication is not recorded.
  case alreadyDone([StoredEvent])
  /// The ledger moved since the facts were read; nothing was written. Read again and decide again.
  case stale(StaleReason)
}

public enum StaleReason: Sendable, Equatable {
  case position(found: Int64)
  case usage
  case invoiceExists(String)
  case attemptExists(invoice: String, number: Int)
  case attemptSettled(invoice: String, number: Int)
  case referencePosted(String)
  /// A payment's or credit's reference that was recorded for another account.
  case referenceOfAnother(String, account: String)
  case mailExists(about: String)
  case mailEnded(about: String)
  case holdExists(String)
  case noHold(String)
  case accountsUnfinished(Int)
  /// Others were taken into the close since they were counted.
  case accountsAdded(Int)
  case unknownAccount(String)
  case unknownInvoice(String)
}
