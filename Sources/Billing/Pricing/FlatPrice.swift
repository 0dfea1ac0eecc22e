/// The same amount every period, whatever the usage.
struct FlatPrice: PriceFormula {
  static let name = "flat"
  static let keys = ["amount"]

  var amount: ExactDecimal

  init(amount: ExactDecimal) { self.amount = amount }

  init(_ fields: CatalogFields) throws {
    amount = try fields.decimal("amount")
  }

  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    try container.encode(amount, forKey: CatalogKey("amount"))
  }

  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws {
    try rules.needAmount(amount, "amount")
  }

  func amount(of usage: PricedUsage) throws -> ExactDecimal { amount }
}

extension PriceModel {
  public static func flat(amount: ExactDecimal) -> PriceModel {
    PriceModel(formula: FlatPrice(amount: amount))
  }
}
