extension Catalog: Codable {
  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    try fields.allow(["version", "currency", "valid_from", "products", "taxes"])
    version = try fields.integer("version")
    do {
      currency = try Currency(fields.string("currency"))
    } catch let error as MoneyError {
      throw fields.error("currency", "\(error)")
    }
    validFrom = try fields.optional("valid_from", fields.month)
    products = try fields.list("products")
    taxes = try fields.optional("taxes") { try fields.list($0) } ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(version, forKey: CatalogKey("version"))
    try container.encode(currency, forKey: CatalogKey("currency"))
    try container.encodeIfPresent(validFrom, forKey: CatalogKey("valid_from"))
    try container.encode(products, forKey: CatalogKey("products"))
    try container.encode(taxes, forKey: CatalogKey("taxes"))
  }
}

extension Product: Codable {
  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    try fields.allow(["id", "name", "metric", "unit", "price", "tax"])
    id = try fields.string("id")
    name = try fields.string("name")
    metric = try fields.optional("metric", fields.string)
    unit = try fields.optional("unit", fields.string)
    price = try fields.value("price")
    tax = try fields.optional("tax", fields.string)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(id, forKey: CatalogKey("id"))
    try container.encode(name, forKey: CatalogKey("name"))
    try container.encodeIfPresent(metric, forKey: CatalogKey("metric"))
    try container.encodeIfPresent(unit, forKey: CatalogKey("unit"))
    try container.encode(price, forKey: CatalogKey("price"))
    try container.encodeIfPresent(tax, forKey: CatalogKey("tax"))
  }
}

extension Tax: Codable {
  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    try fields.allow(["country", "name", "rate"])
    country = try fields.string("country")
    name = try fields.string("name")
    rate = try fields.decimal("rate")
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(country, forKey: CatalogKey("country"))
    try container.encode(name, forKey: CatalogKey("name"))
    try container.encode(rate, forKey: CatalogKey("rate"))
  }
}
