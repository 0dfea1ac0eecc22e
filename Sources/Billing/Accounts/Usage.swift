/// Usage of one metric in one period, summed exactly.
public struct UsageSum: Sendable, Equatable {
  public var metric: String
  public var quantity: ExactDecimal
  public var events: Int

  public init(metric: String, quantity: ExactDecimal, events: Int) {
    self.metric = metric
    self.quantity = quantity
    self.events = events
  }
}

/// An earlier period that has usage which no invoice contains.
public struct LateUsage: Sendable, Equatable {
  public var period: Period
  /// All usage of that period, what was billed already included.
  public var usage: [UsageSum]
  /// Single quantities by metric, where a price needs them.
  public var events: [String: [ExactDecimal]]
  /// As left by the last invoice that billed that period; empty when none did.
  public var billed: [BilledUsage]
  /// The catalog that period was closed with; `nil` when it never was: the current one counts.
  public var catalog: Catalog?

  public init(
    period: Period, usage: [UsageSum], events: [String: [ExactDecimal]] = [:],
    billed: [BilledUsage] = [], catalog: Catalog? = nil
  ) {
    self.period = period
    self.usage = usage
    self.events = events
    self.billed = billed
    self.catalog = catalog
  }
}

/// Everything that is needed to invoice one account for one period.
public struct InvoicingFacts: Sendable {
  /// `facts.invoice` is the period's invoice if there is one already.
  public var facts: AccountFacts
  public var usage: [UsageSum]
  /// Single quantities by metric in order of start and event id, for the metrics asked for
  /// (percentage prices).
  public var events: [String: [ExactDecimal]]
  public var late: [LateUsage]

  public init(
    facts: AccountFacts, usage: [UsageSum], events: [String: [ExactDecimal]] = [:],
    late: [LateUsage] = []
  ) {
    self.facts = facts
    self.usage = usage
    self.events = events
    self.late = late
  }
}
