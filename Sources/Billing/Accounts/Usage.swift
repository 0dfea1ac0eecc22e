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

/// An earlier period with usage that is on no invoice and that this invoice has to bill: as a
/// correction of the period's own invoice or, if the period was closed without one for this
/// account, as usage only. A period that can still be invoiced keeps its usage and is never listed
/// here.
public struct LateUsage: Sendable, Equatable {
  public var period: Period
  /// `false` if the period was closed without an invoice for this account, and will not get one.
  public var isInvoiced: Bool
  /// The period's own invoice is of no active day, so it bills usage alone.
  public var isUsageAlone: Bool
  /// All usage of that period, what was billed already included.
  public var usage: [UsageSum]
  /// Single quantities by metric, where a price needs them.
  public var events: [String: [ExactDecimal]]
  /// As left by the last invoice that billed that period; empty when none did.
  public var billed: [BilledUsage]
  /// The catalog that period was closed with; `nil` when it never was: the current one counts.
  public var catalog: Catalog?
  /// Products of later catalogs for usage that this one does not price, each with its taxes.
  public var later: [Catalog]

  public init(
    period: Period, isInvoiced: Bool = true, isUsageAlone: Bool = false, usage: [UsageSum],
    events: [String: [ExactDecimal]] = [:], billed: [BilledUsage] = [], catalog: Catalog? = nil,
    later: [Catalog] = []
  ) {
    self.period = period
    self.isInvoiced = isInvoiced
    self.isUsageAlone = isUsageAlone
    self.usage = usage
    self.events = events
    self.billed = billed
    self.catalog = catalog
    self.later = later
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
  /// What later periods' invoices have billed of this period already.
  public var billed: [BilledUsage]
  public var late: [LateUsage]
  /// Where a later month's close was started already: its products for usage of this period that
  /// the period's own catalog does not price.
  public var later: [Catalog]

  public init(
    facts: AccountFacts, usage: [UsageSum], events: [String: [ExactDecimal]] = [:],
    billed: [BilledUsage] = [], late: [LateUsage] = [], later: [Catalog] = []
  ) {
    self.facts = facts
    self.usage = usage
    self.events = events
    self.billed = billed
    self.late = late
    self.later = later
  }
}
