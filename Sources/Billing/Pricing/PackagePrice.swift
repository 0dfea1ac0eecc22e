/// Per package begun.
struct PackagePrice: PriceFormula {
  static let name = "package"
  static let keys = ["size", "price", "free_units", "convert"]

  var size: ExactDecimal
  var price: ExactDecimal

  init(size: ExactDecimal, price: ExactDecimal) {
    self.size = size
    self.price = price
  }

  init(_ fields: CatalogFields) throws {
    size = try fields.decimal("size")
    price = try fields.decimal("price")
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(size, forKey: CatalogKey("size"))
    try container.encode(price, forKey: CatalogKey("price"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    try rules.needPositive(size, "size")
    try rules.needAmount(price, "price")
  }

  func amount(of usage: PricedUsage) throws -> ExactDecimal {
    try usage.units.dividedCeiling(by: size).multiplied(by: price)
  }
}

extension PriceModel {
  public static func package(size: ExactDecimal, price: ExactDecimal) -> PriceModel {
    PriceModel(formula: PackagePrice(size: size, price: price))
  }
}
