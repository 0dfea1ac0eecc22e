/// One step of a graduated or volume price. The last one, and only that, is open.
public struct Tier: Sendable, Equatable {
  /// Its upper end, included; `nil`: open.
  public var upTo: ExactDecimal?
  /// Per unit, or per package begun if there is a package size.
  public var unit: ExactDecimal
  /// Added once the tier is entered; the first tier is entered even without usage.
  public var flat: ExactDecimal
  public var packageSize: ExactDecimal?

  public init(
    upTo: ExactDecimal?, unit: ExactDecimal, flat: ExactDecimal = .zero,
    packageSize: ExactDecimal? = nil
  ) {
    self.upTo = upTo
    self.unit = unit
    self.flat = flat
    self.packageSize = packageSize
  }

  func price(of units: ExactDecimal) throws -> ExactDecimal {
    let counted =
      if let packageSize { try units.dividedCeiling(by: packageSize) } else { units }
    return try unit.multiplied(by: counted).adding(flat)
  }
}

extension Tier: Codable {
  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    try fields.allow(["up_to", "unit", "flat", "package_size"])
    upTo = try fields.optional("up_to", fields.decimal)
    flat = try fields.optional("flat", fields.decimal) ?? .zero
    packageSize = try fields.optional("package_size", fields.decimal)
    unit = try fields.decimal("unit")
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(upTo, forKey: CatalogKey("up_to"))
    try container.encode(unit, forKey: CatalogKey("unit"))
    if !flat.isZero { try container.encode(flat, forKey: CatalogKey("flat")) }
    try container.encodeIfPresent(packageSize, forKey: CatalogKey("package_size"))
  }
}

/// A price model that has nothing but tiers.
protocol TieredPrice: PriceFormula {
  var tiers: [Tier] { get }
  init(tiers: [Tier])
}

extension TieredPrice {
  static var keys: [String] { ["tiers", "free_units", "convert"] }

  init(_ fields: CatalogFields) throws {
    self.init(tiers: try fields.list("tiers"))
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(tiers, forKey: CatalogKey("tiers"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    try rules.check(tiers)
  }
}

extension PriceRules {
  fileprivate func check(_ tiers: [Tier]) throws {
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
}
