import Billing

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

extension LedgerStore {
  /// Commits a batch in one transaction. Checks come before writes, change by change in order; a
  /// change that is not committed leaves nothing behind and does not affect the others. Also
  /// records that the broker has confirmed the events numbered `published`.
  public func commit(_ changes: [Change], published: [Int64]) async throws -> [CommitOutcome] {
    guard let probe else { return try await committed(changes, published) }
    return try await probe.committing(changes) { try await committed($0, published) }
  }

  private func committed(
    _ changes: [Change], _ published: [Int64]
  ) async throws -> [CommitOutcome] {
    if changes.isEmpty && published.isEmpty { return [] }
    let removed = connections.removedGuards
    return try await connections.write { database in
      let outcomes = try Batch(database, without: removed).commit(changes)
      try EventRows(database).published(published)
      return outcomes
    }
  }
}
