/// Each unit at the price of the tier it falls in; a tier's flat amount once it is entered, the
/// first always.
struct GraduatedPrice: TieredPrice {
  static let name = "graduated"

  var tiers: [Tier]

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
