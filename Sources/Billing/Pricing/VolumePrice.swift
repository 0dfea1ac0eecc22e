/// All units at the price of the tier that their sum falls in; zero and less are in the first.
struct VolumePrice: TieredPrice {
  static let name = "volume"

  var tiers: [Tier]

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
