/// Each unit at the price of the tier it falls in; a tier's flat amount once it is entered, the
/// first always.
struct GraduatedPrice: PriceFormula {
  static let name = "graduated"
  static let keys = ["tiers", "free_units", "convert"]

  var tiers: [Tier]

  init(tiers: [Tier]) { self.tiers = tiers }

  init(_ fields: CatalogFields) throws {
    tiers = try fields.list("tiers")
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(tiers, forKey: CatalogKey("tiers"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    try rules.check(tiers)
  }

  func amount(of usage: PricedUsage) throws -> ExactDecimal {
    var amount = ExactDecimal.zero
    var lower = ExactDecimal.zero
    for (index, tier) in tiers.enumerated() {
      if index > 0, usage.units <= lower { break }
      var upper = usage.units
      if let upTo = tier.upTo, upTo < upper { upper = upTo }
      amount = try amount.adding(tier.price(of: upper.subtracting(lower)))
      guard let next = tier.upTo else { break }
      lower = next
    }
    return amount
  }
}

extension PriceModel {
  public static func graduated(_ tiers: [Tier]) -> PriceModel {
    PriceModel(formula: GraduatedPrice(tiers: tiers))
  }
}
