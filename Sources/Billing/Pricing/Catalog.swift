/// The prices an account's usage is rated with: one catalog per currency, each change a new
/// version.
///
/// Read from YAML or JSON (any `Decoder`) and written back without loss. Decoding checks the shape
/// and fails with a `CatalogError` that names the place; `validated()` checks what the values mean.
public struct Catalog: Sendable, Equatable {
  public var version: Int
  public var currency: Currency
  /// The first month it prices; `nil`: all of them.
  public var validFrom: Period?
  public var products: [Product]
  public var taxes: [Tax]

  public init(
    version: Int, currency: Currency, validFrom: Period? = nil, products: [Product],
    taxes: [Tax] = []
  ) {
    self.version = version
    self.currency = currency
    self.validFrom = validFrom
    self.products = products
    self.taxes = taxes
  }

  /// Metrics of which a price needs every single event, not only the sum.
  public var eventMetrics: Set<String> {
    Set(products.lazy.filter(\.price.needsEvents).compactMap(\.metric))
  }

  /// The tax on a product for customers in a country: the one the product names, if that country
  /// has it, else the country's first. `nil`: the country is not taxed.
  public func tax(on product: Product, country: String) -> Tax? {
    let taxes = taxes(in: country)
    if let name = product.tax, let named = taxes.first(where: { $0.name == name }) { return named }
    return taxes.first
  }
}

/// Something an invoice has a line for.
public struct Product: Sendable, Equatable {
  /// Names the revenue account: letters, digits, `.`, `_` and `-`.
  public var id: String
  /// As printed on the invoice.
  public var name: String
  /// The usage it prices; `nil` for flat fees.
  public var metric: String?
  /// What the quantity on the invoice is counted in.
  public var unit: String?
  public var price: Price
  /// The name of a tax other than the country's first.
  public var tax: String?

  public init(
    id: String, name: String, metric: String? = nil, unit: String? = nil, price: Price,
    tax: String? = nil
  ) {
    self.id = id
    self.name = name
    self.metric = metric
    self.unit = unit
    self.price = price
    self.tax = tax
  }
}

/// A tax of a country, `rate` as a fraction: 0.081 for 8.1 %.
public struct Tax: Sendable, Equatable {
  public var country: String
  public var name: String
  public var rate: ExactDecimal

  public init(country: String, name: String, rate: ExactDecimal) {
    self.country = country
    self.name = name
    self.rate = rate
  }
}

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
