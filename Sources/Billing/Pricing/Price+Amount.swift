/// What earlier lines of the same period contained.
public struct PriorBilling: Sendable, Equatable {
  public var quantity: ExactDecimal
  public var events: [ExactDecimal]
  public var billed: ExactDecimal

  public init(
    quantity: ExactDecimal = .zero, events: [ExactDecimal] = [], billed: ExactDecimal = .zero
  ) {
    self.quantity = quantity
    self.events = events
    self.billed = billed
  }

  public static let nothing = PriorBilling()
}

extension Price {
  /// The amount of one line, not rounded: what all usage so far costs, less what was billed of it.
  public func amount(
    quantity: ExactDecimal, events: [ExactDecimal] = [], prior: PriorBilling
  ) throws -> ExactDecimal {
    try amount(
      quantity: prior.quantity.adding(quantity), events: prior.events + events
    ).subtracting(prior.billed)
  }

  /// The amount of a whole period's usage, not rounded. Negative usage (a correction) gives money
  /// back at the first tier's price. `events` are needed only where `needsEvents` says so.
  public func amount(
    quantity: ExactDecimal, events: [ExactDecimal] = []
  ) throws -> ExactDecimal {
    let units = try chargeable(try converted(quantity))
    var amount =
      switch model {
      case .flat(let amount): amount
      case .perUnit(let unit): try unit.multiplied(by: units)
      case .graduated(let tiers): try Tier.graduated(tiers, units)
      case .volume(let tiers): try Tier.volume(tiers, units)
      case .package(let size, let price): try units.dividedCeiling(by: size).multiplied(by: price)
      case .percentage(let share) where share.needsEvents:
        try share.amount(events: events, freeTotal: share.freeTotal ?? freeUnits)
      case .percentage(let share): try share.amount(total: units)
      }
    amount = try discounted(amount)
    if let minimum { amount = max(amount, minimum) }
    if let maximum { amount = min(amount, maximum) }
    return amount
  }

  /// The amount of a flat price for the active days of a month, in minor units. The days are of the
  /// amount and its discount; minimum and maximum are whole. All of it is multiplied by the days of
  /// the month, so that dividing by them is the one rounding.
  public func flatMinor(_ days: ActiveDays, exponent: Int) throws -> Int64 {
    let whole = ExactDecimal(days.ofMonth)
    var amount = try discounted(flatAmount).multiplied(by: ExactDecimal(days.active))
    if let minimum { amount = max(amount, try minimum.multiplied(by: whole)) }
    if let maximum { amount = min(amount, try maximum.multiplied(by: whole)) }
    return try amount.roundedMinorUnits(exponent: exponent, dividedBy: days.ofMonth)
  }

  private var flatAmount: ExactDecimal {
    if case .flat(let amount) = model { amount } else { .zero }
  }

  private func discounted(_ amount: ExactDecimal) throws -> ExactDecimal {
    guard let discountPercent else { return amount }
    let kept = try ExactDecimal(100).subtracting(discountPercent)
    return try amount.multiplied(by: kept).multiplied(by: Self.hundredth)
  }

  /// The quantity in the unit it is priced in.
  public func converted(_ quantity: ExactDecimal) throws -> ExactDecimal {
    guard let convert else { return quantity }
    return try quantity.divided(by: convert.divideBy, rounding: convert.round)
  }

  private func chargeable(_ units: ExactDecimal) throws -> ExactDecimal {
    guard let freeUnits, !units.isNegative else { return units }
    return units > freeUnits ? try units.subtracting(freeUnits) : .zero
  }

  private static let hundredth = ExactDecimal(coefficient: 1, normalisedScale: 2)
}

extension Tier {
  /// Each unit at its tier's price; a tier's flat amount once it is entered, the first always.
  static func graduated(_ tiers: [Tier], _ units: ExactDecimal) throws -> ExactDecimal {
    var amount = ExactDecimal.zero
    var lower = ExactDecimal.zero
    for (index, tier) in tiers.enumerated() {
      if index > 0, units <= lower { break }
      var upper = units
      if let upTo = tier.upTo, upTo < units { upper = upTo }
      amount = try amount.adding(tier.price(of: upper.subtracting(lower)))
      guard let next = tier.upTo else { break }
      lower = next
    }
    return amount
  }

  /// All units at the price of one tier; zero and less are in the first.
  static func volume(_ tiers: [Tier], _ units: ExactDecimal) throws -> ExactDecimal {
    for tier in tiers {
      if let upTo = tier.upTo, units > upTo { continue }
      return try tier.price(of: units)
    }
    return .zero
  }

  private func price(of units: ExactDecimal) throws -> ExactDecimal {
    let counted =
      if let packageSize { try units.dividedCeiling(by: packageSize) } else { units }
    return try unit.multiplied(by: counted).adding(flat)
  }
}

extension Percentage {
  /// Where nothing depends on single events.
  func amount(total: ExactDecimal) throws -> ExactDecimal {
    guard let freeTotal, !total.isNegative else { return try rate.multiplied(by: total) }
    return total > freeTotal ? try rate.multiplied(by: total.subtracting(freeTotal)) : .zero
  }

  /// Events in order. One is free while both the count and the running total are inside the free
  /// limits; the one that crosses `freeTotal` is charged on the part above. A negative event gives
  /// its share back, `maxPerEvent` at most, and no fixed amount.
  func amount(events: [ExactDecimal], freeTotal: ExactDecimal?) throws -> ExactDecimal {
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
