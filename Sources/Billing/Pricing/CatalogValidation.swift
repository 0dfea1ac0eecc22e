extension Catalog {
  /// Checks what the values mean; throws a `CatalogError` for the first that cannot be right.
  @discardableResult
  public func validated() throws -> Catalog {
    try need(version >= 1, "version", "expected 1 or more, found \(version)")
    try need(!products.isEmpty, "products", "expected at least one product")
    var productIDs: Set<String> = []
    for (index, product) in products.enumerated() {
      let place = "products[\(index)]"
      try need(
        productIDs.insert(product.id).inserted, "\(place).id", "duplicate product '\(product.id)'")
      try validate(product, place)
    }
    var taxNames: Set<[String]> = []
    for (index, tax) in taxes.enumerated() {
      let place = "taxes[\(index)]"
      try validate(tax, place)
      try need(
        taxNames.insert([tax.country, tax.name]).inserted, "\(place).name",
        "duplicate tax '\(tax.name)' of \(tax.country)")
    }
    return self
  }

  private func validate(_ product: Product, _ place: String) throws {
    try need(
      CatalogText.isIdentifier(product.id), "\(place).id",
      "expected 1 to 64 letters, digits, '.', '_' or '-', found '\(product.id.prefix(80))'")
    try need(CatalogText.isLine(product.name), "\(place).name", CatalogText.lineExpectation)
    if let unit = product.unit {
      try need(CatalogText.isLine(unit), "\(place).unit", CatalogText.lineExpectation)
    }
    if product.price.isFlat {
      try need(product.metric == nil, "\(place).metric", "a flat price has no metric")
    } else {
      try need(product.metric != nil, "\(place).metric", "missing; only a flat price has none")
    }
    if let metric = product.metric {
      try need(CatalogText.isLine(metric), "\(place).metric", CatalogText.lineExpectation)
    }
    if let name = product.tax {
      try need(taxes.contains { $0.name == name }, "\(place).tax", "no tax is named '\(name)'")
    }
    try PriceRules(place: "\(place).price").check(product.price)
  }

  private func validate(_ tax: Tax, _ place: String) throws {
    if let why = Country.fault(tax.country) {
      throw CatalogError("\(place).country", "'\(tax.country.prefix(40))' \(why)")
    }
    try need(
      CatalogText.isLine(tax.name) && !tax.name.contains(":"), "\(place).name",
      CatalogText.lineExpectation + ", without ':'")
    try need(
      !tax.rate.isNegative && tax.rate <= .one, "\(place).rate",
      "expected a fraction from 0 to 1 (\"0.081\" for 8.1 %), found \(tax.rate)")
  }

  private func need(_ isRight: Bool, _ place: String, _ reason: @autoclosure () -> String) throws {
    if !isRight { throw CatalogError(place, reason()) }
  }
}

/// What texts of a catalog may look like.
private enum CatalogText {
  static let lineExpectation = "expected one line of 1 to 200 characters"

  static func isLine(_ text: String) -> Bool {
    1...200 ~= text.count
      && !text.unicodeScalars.contains {
        let category = $0.properties.generalCategory
        return category == .control || category == .lineSeparator || category == .paragraphSeparator
      }
  }

  static func isIdentifier(_ text: String) -> Bool {
    1...64 ~= text.utf8.count
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
