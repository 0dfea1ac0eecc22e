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
