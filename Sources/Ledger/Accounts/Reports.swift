import Billing

/// Where the accounts of a close are.
public struct Progress: Sendable, Equatable {
  public var run: CloseRun
  public var finished: Int
  /// Accounts that have reached each milestone: `invoiced`, `settled`, `invoice_mailed`,
  /// `outcome_mailed`.
  public var milestones: [String: Int]
  /// Accounts by their end.
  public var ends: [AccountEnd: Int]
  /// Up to 20 accounts that are not finished, by id.
  public var stragglers: [Straggler]

  public struct Straggler: Sendable, Equatable {
    public var account: String
    public var reached: Milestone
    public init(account: String, reached: Milestone) {
      self.account = account
      self.reached = reached
    }
  }

  public init(
    run: CloseRun, finished: Int, milestones: [String: Int], ends: [AccountEnd: Int],
    stragglers: [Straggler]
  ) {
    self.run = run
    self.finished = finished
    self.milestones = milestones
    self.ends = ends
    self.stragglers = stragglers
  }
}

/// Finance figures of a period in one currency, all in minor units, computed from the entries.
public struct FinanceTotals: Sendable, Equatable {
  public var currency: Currency
  public var invoices = 0
  /// Sum of invoice totals, tax included.
  public var invoicedMinor: Int64 = 0
  public var taxMinor: Int64 = 0
  /// Credit used on the period's invoices.
  public var creditedMinor: Int64 = 0
  /// Taken on the period's invoices, by the gateway and otherwise.
  public var collectedMinor: Int64 = 0
  public var collectedByGatewayMinor: Int64 = 0
  public var outstandingMinor: Int64 = 0
  public var holds = 0
  /// Sum of all entries of the currency: always 0.
  public var ledgerSumMinor: Int64 = 0
  /// Net revenue by product, tax by name and rate.
  public var revenueMinor: [String: Int64] = [:]
  public var taxByRateMinor: [String: Int64] = [:]
  /// What each of these taxes was taken on, as the invoices say.
  public var taxBaseByRateMinor: [String: Int64] = [:]

  public init(currency: Currency) { self.currency = currency }
}

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

/// An account of a close that waits for a person, with the decision that put it there.
public struct ParkedAccount: Sendable, Equatable {
  public var account: String
  /// `nil`: it was never invoiced.
  public var invoice: String?
  public var rule: String
  public var why: String
  public var at: Instant?

  public init(account: String, invoice: String?, rule: String, why: String, at: Instant?) {
    self.account = account
    self.invoice = invoice
    self.rule = rule
    self.why = why
    self.at = at
  }
}
