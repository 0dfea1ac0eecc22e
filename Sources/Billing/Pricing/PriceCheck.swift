/// The rules one price must keep, each error with its place.
struct PriceCheck {
  let place: String

  func check(_ price: Price) throws {
    try checkModel(price.model, hasFreeUnits: price.freeUnits != nil)
    try needPositive(price.convert?.divideBy, "convert.divide_by")
    try needNotNegative(price.freeUnits, "free_units")
    try needAmount(price.minimum, "minimum")
    try needAmount(price.maximum, "maximum")
    if let minimum = price.minimum, let maximum = price.maximum, minimum > maximum {
      throw error("maximum", "expected at least the minimum \(minimum), found \(maximum)")
    }
    if let percent = price.discountPercent, percent.isNegative || percent > ExactDecimal(100) {
      throw error("discount_percent", "expected 0 to 100, found \(percent)")
    }
    if price.isFlat, price.freeUnits != nil || price.convert != nil {
      throw error("model", "a flat price has neither free_units nor convert")
    }
  }

  private func checkModel(_ model: PriceModel, hasFreeUnits: Bool) throws {
    switch model {
    case .flat(let amount):
      try needAmount(amount, "amount")
    case .perUnit(let unit):
      try needAmount(unit, "unit")
    case .graduated(let tiers), .volume(let tiers):
      try check(tiers)
    case .package(let size, let price):
      try needPositive(size, "size")
      try needAmount(price, "price")
    case .percentage(let share):
      try check(share, hasFreeUnits: hasFreeUnits)
    }
  }

  private func check(_ tiers: [Tier]) throws {
    guard !tiers.isEmpty else { throw error("tiers", "expected at least one tier") }
    var lower = ExactDecimal.zero
    for (index, tier) in tiers.enumerated() {
      let place = "tiers[\(index)]"
      try needAmount(tier.unit, "\(place).unit")
      try needAmount(tier.flat, "\(place).flat")
      try needPositive(tier.packageSize, "\(place).package_size")
      let isLast = index == tiers.count - 1
      switch tier.upTo {
      case nil where !isLast:
        throw error("\(place).up_to", "only the last tier may be open")
      case let upTo? where isLast:
        throw error(
          "\(place).up_to", "expected null, as the last tier must be open, found \(upTo)")
      case let upTo? where upTo <= lower:
        throw error("\(place).up_to", "expected more than \(lower), found \(upTo)")
      case let upTo?:
        lower = upTo
      case nil:
        break
      }
    }
  }

  private func check(_ share: Percentage, hasFreeUnits: Bool) throws {
    if share.rate.isNegative || share.rate > .one {
      throw error(
        "rate", "expected a fraction from 0 to 1 (\"0.029\" for 2.9 %), found \(share.rate)")
    }
    if hasFreeUnits, share.freeTotal != nil {
      throw error("free_units", "means the same as free_total here; expected only one of them")
    }
    if let events = share.freeEvents, events < 0 {
      throw error("free_events", "expected 0 or more, found \(events)")
    }
    try needAmount(share.fixedPerEvent, "fixed_per_event")
    try needNotNegative(share.freeTotal, "free_total")
    try needAmount(share.minPerEvent, "min_per_event")
    try needAmount(share.maxPerEvent, "max_per_event")
    if let least = share.minPerEvent, let most = share.maxPerEvent, least > most {
      throw error("max_per_event", "expected at least the min_per_event \(least), found \(most)")
    }
  }

  private func needNotNegative(_ value: ExactDecimal?, _ key: String) throws {
    if let value, value.isNegative { throw error(key, "expected 0 or more, found \(value)") }
  }

  /// No price is larger than the largest amount in whole units.
  private func needAmount(_ value: ExactDecimal?, _ key: String) throws {
    try needNotNegative(value, key)
    let most = ExactDecimal(Int(Money.largestMinor))
    if let value, value > most { throw error(key, "expected at most \(most), found \(value)") }
  }

  private func needPositive(_ value: ExactDecimal?, _ key: String) throws {
    if let value, value <= .zero { throw error(key, "expected more than 0, found \(value)") }
  }

  private func error(_ key: String, _ reason: String) -> CatalogError {
    CatalogError("\(place).\(key)", reason)
  }
}
