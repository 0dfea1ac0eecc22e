extension Price: Codable {
  /// The models by the names they have in a catalog, each with the keys it takes beside the common
  /// ones.
  static let models: [(name: String, keys: [String])] = [
    ("flat", ["amount"]),
    ("per_unit", ["unit", "free_units", "convert"]),
    ("graduated", ["tiers", "free_units", "convert"]),
    ("volume", ["tiers", "free_units", "convert"]),
    ("package", ["size", "price", "free_units", "convert"]),
    (
      "percentage",
      [
        "rate", "fixed_per_event", "free_events", "free_total", "min_per_event", "max_per_event",
        "free_units",
      ]
    ),
  ]

  private static let commonKeys = ["model", "discount_percent", "minimum", "maximum"]

  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    let name = try fields.string("model")
    guard let known = Self.models.first(where: { $0.name == name }) else {
      let names = Self.models.map(\.name).joined(separator: ", ")
      throw fields.error("model", "unknown model '\(name.prefix(40))', expected one of \(names)")
    }
    try fields.allow(Self.commonKeys + known.keys, of: "model \(name)")
    self.init(
      try PriceModel(named: name, fields),
      convert: try fields.optional("convert") { try fields.value($0) },
      freeUnits: try fields.optional("free_units", fields.decimal),
      discountPercent: try fields.optional("discount_percent", fields.decimal),
      minimum: try fields.optional("minimum", fields.decimal),
      maximum: try fields.optional("maximum", fields.decimal))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(model.name, forKey: CatalogKey("model"))
    try model.encode(into: &container)
    try container.encodeIfPresent(convert, forKey: CatalogKey("convert"))
    try container.encodeIfPresent(freeUnits, forKey: CatalogKey("free_units"))
    try container.encodeIfPresent(discountPercent, forKey: CatalogKey("discount_percent"))
    try container.encodeIfPresent(minimum, forKey: CatalogKey("minimum"))
    try container.encodeIfPresent(maximum, forKey: CatalogKey("maximum"))
  }
}

extension PriceModel {
  public var name: String {
    switch self {
    case .flat: "flat"
    case .perUnit: "per_unit"
    case .graduated: "graduated"
    case .volume: "volume"
    case .package: "package"
    case .percentage: "percentage"
    }
  }

  /// `name` is one of `Price.models`.
  fileprivate init(named name: String, _ fields: CatalogFields) throws {
    switch name {
    case "flat":
      self = .flat(amount: try fields.decimal("amount"))
    case "per_unit":
      self = .perUnit(try fields.decimal("unit"))
    case "graduated":
      self = .graduated(try fields.list("tiers"))
    case "volume":
      self = .volume(try fields.list("tiers"))
    case "package":
      self = .package(size: try fields.decimal("size"), price: try fields.decimal("price"))
    default:
      self = .percentage(
        Percentage(
          rate: try fields.decimal("rate"),
          fixedPerEvent: try fields.optional("fixed_per_event", fields.decimal),
          freeEvents: try fields.optional("free_events", fields.integer),
          freeTotal: try fields.optional("free_total", fields.decimal),
          minPerEvent: try fields.optional("min_per_event", fields.decimal),
          maxPerEvent: try fields.optional("max_per_event", fields.decimal)))
    }
  }

  fileprivate func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws {
    switch self {
    case .flat(let amount):
      try container.encode(amount, forKey: CatalogKey("amount"))
    case .perUnit(let unit):
      try container.encode(unit, forKey: CatalogKey("unit"))
    case .graduated(let tiers), .volume(let tiers):
      try container.encode(tiers, forKey: CatalogKey("tiers"))
    case .package(let size, let price):
      try container.encode(size, forKey: CatalogKey("size"))
      try container.encode(price, forKey: CatalogKey("price"))
    case .percentage(let share):
      try container.encode(share.rate, forKey: CatalogKey("rate"))
      try container.encodeIfPresent(share.fixedPerEvent, forKey: CatalogKey("fixed_per_event"))
      try container.encodeIfPresent(share.freeEvents, forKey: CatalogKey("free_events"))
      try container.encodeIfPresent(share.freeTotal, forKey: CatalogKey("free_total"))
      try container.encodeIfPresent(share.minPerEvent, forKey: CatalogKey("min_per_event"))
      try container.encodeIfPresent(share.maxPerEvent, forKey: CatalogKey("max_per_event"))
    }
  }
}
