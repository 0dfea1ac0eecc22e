/// All units at the price of the tier that their sum falls in; zero and less are in the first.
struct VolumePrice: PriceFormula {
  static let name = "volume"
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
    for tier in tiers {
      if let upTo = tier.upTo, usage.units > upTo { continue }
      return try tier.price(of: usage.units)
    }
    return .zero
  }
}

extension PriceModel {
  public static func volume(_ tiers: [Tier]) -> PriceModel {
    PriceModel(formula: VolumePrice(tiers: tiers))
  }
}
