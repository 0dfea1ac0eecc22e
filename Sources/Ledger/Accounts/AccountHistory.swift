import Billing

/// One step of an account's story, for `explain`.
public struct ChainStep: Sendable, Equatable {
  public var at: Instant
  public var service: ServiceName
  public var messageID: String
  public var decision: DecisionRecord
  /// Events it made, by id and type.
  public var events: [(id: String, type: String)]

  public init(
    at: Instant, service: ServiceName, messageID: String, decision: DecisionRecord,
    events: [(id: String, type: String)]
  ) {
    self.at = at
    self.service = service
    self.messageID = messageID
    self.decision = decision
    self.events = events
  }

  public static func == (a: ChainStep, b: ChainStep) -> Bool {
    a.at == b.at && a.service == b.service && a.messageID == b.messageID
      && a.decision == b.decision && a.events.map(\.id) == b.events.map(\.id)
  }
}

/// A posted transaction as it stands in the ledger.
public struct PostedTransaction: Sendable, Equatable {
  public var sequence: Int64
  public var position: Int64
  public var at: Instant
  public var service: ServiceName
  public var kind: String
  public var reference: String
  public var entries: [(account: String, amountMinor: Int64)]

  public init(
    sequence: Int64, position: Int64, at: Instant, service: ServiceName, kind: String,
    reference: String, entries: [(account: String, amountMinor: Int64)]
  ) {
    self.sequence = sequence
    self.position = position
    self.at = at
    self.service = service
    self.kind = kind
    self.reference = reference
    self.entries = entries
  }

  public static func == (a: PostedTransaction, b: PostedTransaction) -> Bool {
    a.sequence == b.sequence && a.position == b.position && a.kind == b.kind
      && a.reference == b.reference && a.entries.elementsEqual(b.entries, by: ==)
  }
}

/// All that `explain` tells of one account.
public struct AccountHistory: Sendable {
  public var facts: AccountFacts
  public var invoices: [InvoiceFacts]
  public var attempts: [Attempt]
  public var steps: [ChainStep]
  public var transactions: [PostedTransaction]
  public var mails: [MailRecord]
  public var due: [DueWork]
  /// Work that was due and was announced, and that its service has not answered yet.
  public var announced: [DueWork]

  public init(
    facts: AccountFacts, invoices: [InvoiceFacts], attempts: [Attempt], steps: [ChainStep],
    transactions: [PostedTransaction], mails: [MailRecord], due: [DueWork],
    announced: [DueWork] = []
  ) {
    self.facts = facts
    self.invoices = invoices
    self.attempts = attempts
    self.steps = steps
    self.transactions = transactions
    self.mails = mails
    self.due = due
    self.announced = announced
  }
}

extension LedgerStore {
  public func story(of account: String, period: Period?) async throws -> AccountHistory? {
    try await read { database in
      try AccountHistoryQuery(database: database, account: account, period: period).story()
    }
  }
}
