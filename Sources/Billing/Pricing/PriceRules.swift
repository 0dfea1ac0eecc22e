/// The rules that one price must keep, each error with its place. Those of its model are with the
/// model.
struct PriceRules {
  let place: String

  func check(_ price: Price) throws {
    try price.model.formula.check(self, hasFreeUnits: price.freeUnits != nil)
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

  func needNotNegative(_ value: ExactDecimal?, _ key: String) throws {
    if let value, value.isNegative { throw error(key, "expected 0 or more, found \(value)") }
  }

  /// No price is larger than the largest amount in whole units.
  func needAmount(_ value: ExactDecimal?, _ key: String) throws {
    try needNotNegative(value, key)
    let most = ExactDecimal(Int(Money.largestMinor))
    if let value, value > most { throw error(key, "expected at most \(most), found \(value)") }
  }

  func needPositive(_ value: ExactDecimal?, _ key: String) throws {
    if let value, value <= .zero { throw error(key, "expected more than 0, found \(value)") }
  }

  func error(_ key: String, _ reason: String) -> CatalogError {
    CatalogError("\(place).\(key)", reason)
  }
}
