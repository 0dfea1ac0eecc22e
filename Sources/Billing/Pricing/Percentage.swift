/// A share of the usage, which is itself an amount: of amounts that were used as events, in order
/// of time.
public struct Percentage: Sendable, Equatable {
  /// A fraction: 0.029 for 2.9 %.
  public var rate: ExactDecimal
  /// Added for every event that is charged.
  public var fixedPerEvent: ExactDecimal?
  /// An event is free while no more than this many came and the running total is within
  /// `freeTotal`.
  public var freeEvents: Int?
  /// The event that crosses it is charged on the part above.
  public var freeTotal: ExactDecimal?
  /// For each charged event, its fixed amount included.
  public var minPerEvent: ExactDecimal?
  public var maxPerEvent: ExactDecimal?

  public init(
    rate: ExactDecimal, fixedPerEvent: ExactDecimal? = nil, freeEvents: Int? = nil,
    freeTotal: ExactDecimal? = nil, minPerEvent: ExactDecimal? = nil,
    maxPerEvent: ExactDecimal? = nil
  ) {
    self.rate = rate
    self.fixedPerEvent = fixedPerEvent
    self.freeEvents = freeEvents
    self.freeTotal = freeTotal
    self.minPerEvent = minPerEvent
    self.maxPerEvent = maxPerEvent
  }
}

extension PriceModel {
  public static func percentage(_ percentage: Percentage) -> PriceModel {
    PriceModel(formula: percentage)
  }
}

extension Percentage: PriceFormula {
  static let name = "percentage"
  static let keys = [
    "rate", "fixed_per_event", "free_events", "free_total", "min_per_event", "max_per_event",
    "free_units",
  ]

  init(_ fields: CatalogFields) throws {
    rate = try fields.decimal("rate")
    fixedPerEvent = try fields.optional("fixed_per_event", fields.decimal)
    freeEvents = try fields.optional("free_events", fields.integer)
    freeTotal = try fields.optional("free_total", fields.decimal)
    minPerEvent = try fields.optional("min_per_event", fields.decimal)
    maxPerEvent = try fields.optional("max_per_event", fields.decimal)
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(rate, forKey: CatalogKey("rate"))
    try container.encodeIfPresent(fixedPerEvent, forKey: CatalogKey("fixed_per_event"))
    try container.encodeIfPresent(freeEvents, forKey: CatalogKey("free_events"))
    try container.encodeIfPresent(freeTotal, forKey: CatalogKey("free_total"))
    try container.encodeIfPresent(minPerEvent, forKey: CatalogKey("min_per_event"))
    try container.encodeIfPresent(maxPerEvent, forKey: CatalogKey("max_per_event"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    if rate.isNegative || rate > .one {
      throw rules.error(
        "rate", "expected a fraction from 0 to 1 (\"0.029\" for 2.9 %), found \(rate)")
    }
    if hasFreeUnits, freeTotal != nil {
      throw rules.error(
        "free_units", "means the same as free_total here; expected only one of them")
    }
    if let freeEvents, freeEvents < 0 {
      throw rules.error("free_events", "expected 0 or more, found \(freeEvents)")
    }
    try rules.needAmount(fixedPerEvent, "fixed_per_event")
    try rules.needNotNegative(freeTotal, "free_total")
    try rules.needAmount(minPerEvent, "min_per_event")
    try rules.needAmount(maxPerEvent, "max_per_event")
    if let least = minPerEvent, let most = maxPerEvent, least > most {
      throw rules.error(
        "max_per_event", "expected at least the min_per_event \(least), found \(most)")
    }
  }

  var needsEvents: Bool {
    fixedPerEvent != nil || freeEvents != nil || minPerEvent != nil || maxPerEvent != nil
  }

  func amount(of usage: PricedUsage) throws -> ExactDecimal {
    needsEvents
      ? try amount(events: usage.events, freeTotal: freeTotal ?? usage.freeUnits)
      : try amount(total: usage.units)
  }

  /// Where nothing depends on single events.
  private func amount(total: ExactDecimal) throws -> ExactDecimal {
    guard let freeTotal, !total.isNegative else { return try rate.multiplied(by: total) }
    return total > freeTotal ? try rate.multiplied(by: total.subtracting(freeTotal)) : .zero
  }

  /// Events in order. One is free while both the count and the running total are inside the free
  /// limits; the one that crosses `freeTotal` is charged on the part above. A negative event gives
  /// its share back, `maxPerEvent` at most, and no fixed amount.
  private func amount(
    events: [ExactDecimal], freeTotal: ExactDecimal?
  ) throws -> ExactDecimal {
    let hasLimit = freeEvents != nil || freeTotal != nil
    var amount = ExactDecimal.zero
    var running = ExactDecimal.zero
    for (index, event) in events.enumerated() {
      let before = running
      running = try running.adding(event)
      let isCountFree = hasLimit && index < (freeEvents ?? .max)
      var charged = event
      if isCountFree {
        guard let freeTotal else { continue }
        if running <= freeTotal, before <= freeTotal { continue }
        charged = try max(running, freeTotal).subtracting(max(before, freeTotal))
      }
      amount = try amount.adding(price(ofEvent: charged))
    }
    return amount
  }

  private func price(ofEvent charged: ExactDecimal) throws -> ExactDecimal {
    var price = try rate.multiplied(by: charged)
    if charged.isNegative {
      if let maxPerEvent { price = max(price, maxPerEvent.negated()) }
      return price
    }
    if let fixedPerEvent { price = try price.adding(fixedPerEvent) }
    if let minPerEvent { price = max(price, minPerEvent) }
    if let maxPerEvent { price = min(price, maxPerEvent) }
    return price
  }
}
