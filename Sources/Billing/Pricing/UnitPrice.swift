/// The same price for each unit.
struct UnitPrice: PriceFormula {
  static let name = "per_unit"
  static let keys = ["unit", "free_units", "convert"]

  var unit: ExactDecimal

  init(unit: ExactDecimal) { self.unit = unit }

  init(_ fields: CatalogFields) throws {
    unit = try fields.decimal("unit")
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(unit, forKey: CatalogKey("unit"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    try rules.needAmount(unit, "unit")
  }

  func amount(of usage: PricedUsage) throws -> ExactDecimal {
    try unit.multiplied(by: usage.units)
  }
}

extension PriceModel {
  public static func perUnit(_ unit: ExactDecimal) -> PriceModel {
    PriceModel(formula: UnitPrice(unit: unit))
  }
}
