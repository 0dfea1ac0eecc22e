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

extension Conversion: Codable {
  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    try fields.allow(["divide_by", "round"])
    divideBy = try fields.decimal("divide_by")
    let name = try fields.string("round")
    guard let rounding = Rounding(rawValue: name) else {
      let names = Rounding.allCases.map(\.rawValue).joined(separator: ", ")
      throw fields.error("round", "unknown rounding '\(name.prefix(40))', expected one of \(names)")
    }
    round = rounding
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(divideBy, forKey: CatalogKey("divide_by"))
    try container.encode(round, forKey: CatalogKey("round"))
  }
}
