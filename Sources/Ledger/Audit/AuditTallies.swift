import Billing

public struct BalanceTally: Sendable, Equatable {
  public var transactions = 0
  /// Transactions whose entries do not sum to 0, are missing, or have no transaction.
  public var unbalanced = Violations()
  public var currencies = 0
  public var unbalancedCurrencies = Violations()

  public init() {}
}

public struct InvoiceTally: Sendable, Equatable {
  public var invoices = 0
  /// Accounts with more than one invoice for the period, voided ones aside.
  public var invoicedTwice = Violations()
  /// Invoices whose total is not what their own transaction posted.
  public var moved = Violations()

  public init() {}
}

public struct MemberTally: Sendable, Equatable {
  public var members = 0
  /// Members with an end and all milestones.
  public var finished = 0
  public var ends: [AccountEnd: Int] = [:]
  public var unfinished = Violations()
  /// Members whose end contradicts their invoice, with how.
  public var contradicted = Violations()
  /// Members who wait for a next attempt that nobody has scheduled.
  public var withoutRetry = Violations()

  public init() {}
}

public struct RepetitionTally: Sendable, Equatable {
  public var answers = 0
  public var transactions = 0
  public var events = 0
  public var repeated = Violations()

  public init() {}
}

/// Messages that services acted on, and those among them that nobody committed.
public struct ConsumptionTally: Sendable, Equatable {
  public var answers = 0
  public var unfounded = Violations()

  public init() {}
}

/// The number of things of one kind that one service made.
public struct Provenance: Sendable, Hashable {
  public enum Work: String, Sendable {
    /// By kind of transaction, by the rule's first word, by routing key, `placed` or `lifted`.
    case transaction, decision, event, hold
  }
  public var work: Work
  public var kind: String
  public var service: String
  public var count: Int
  /// One of them, for the reader to begin with.
  public var example: String

  public init(_ work: Work, kind: String, service: String, count: Int, example: String) {
    self.work = work
    self.kind = kind
    self.service = service
    self.count = count
    self.example = example
  }
}

/// Amounts in minor units of one currency, over all its accounts. `closing` is what the accounts
/// say they owe; the others are summed from the far side of each transaction. Wide, so that one
/// huge amount in a ledger of former times keeps no audit from saying what is there.
public struct ConservationTally: Sendable, Equatable {
  public var currency: Currency
  public var accounts = 0
  public var openingMinor: Int128 = 0
  public var invoicedMinor: Int128 = 0
  public var paidMinor: Int128 = 0
  public var creditedMinor: Int128 = 0
  public var closingMinor: Int128 = 0
  /// Accounts for which the equation does not hold.
  public var broken = Violations()

  public init(currency: Currency) { self.currency = currency }
}

/// The sum of one kind of entry: in transactions of one kind, on one account of the ledger.
public struct EntrySum: Sendable, Equatable {
  public var currency: Currency
  public var kind: Transaction.Kind
  public var ledgerAccount: String
  public var amountMinor: Int64
  public var transactions: Int

  public init(
    currency: Currency, kind: Transaction.Kind, ledgerAccount: String, amountMinor: Int64,
    transactions: Int
  ) {
    self.currency = currency
    self.kind = kind
    self.ledgerAccount = ledgerAccount
    self.amountMinor = amountMinor
    self.transactions = transactions
  }
}

public struct DeliveryTally: Sendable, Equatable {
  public struct Unanswered: Sendable, Equatable {
    public var id: String
    public var recordedAt: Instant
    public var isPublished: Bool

    public init(id: String, recordedAt: Instant, isPublished: Bool) {
      self.id = id
      self.recordedAt = recordedAt
      self.isPublished = isPublished
    }
  }
  public var events = 0
  public var unanswered: [Unanswered] = []

  public init() {}
}
