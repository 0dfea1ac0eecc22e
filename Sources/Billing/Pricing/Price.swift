/// How usage becomes an amount. In this order: `convert`, `freeUnits`, the model,
/// `discountPercent`, `minimum`, `maximum`. All amounts are in the catalog's currency, before tax.
public struct Price: Sendable, Equatable {
  public var model: PriceModel
  /// Another unit than the usage comes in (bytes to gigabytes begun).
  public var convert: Conversion?
  /// Units of each period that cost nothing, after conversion.
  public var freeUnits: ExactDecimal?
  /// 0 to 100, taken off before minimum and maximum.
  public var discountPercent: ExactDecimal?
  /// Charged even without any usage.
  public var minimum: ExactDecimal?
  public var maximum: ExactDecimal?

  public init(
    _ model: PriceModel, convert: Conversion? = nil, freeUnits: ExactDecimal? = nil,
    discountPercent: ExactDecimal? = nil, minimum: ExactDecimal? = nil,
    maximum: ExactDecimal? = nil
  ) {
    self.model = model
    self.convert = convert
    self.freeUnits = freeUnits
    self.discountPercent = discountPercent
    self.minimum = minimum
    self.maximum = maximum
  }

  public var isFlat: Bool { model.formula is FlatPrice }

  /// What usage alone costs: without the minimum, which is due even without usage. The flat
  /// amount of a tier stays: it is the price of the usage that entered it.
  var ofUsageAlone: Price {
    var price = self
    price.minimum = nil
    return price
  }

  /// Whether the sum of the usage is not enough to price it.
  public var needsEvents: Bool { model.formula.needsEvents }
}

/// Usage divided and brought to whole units.
public struct Conversion: Sendable, Equatable {
  public var divideBy: ExactDecimal
  public var round: Rounding

  public init(divideBy: ExactDecimal, round: Rounding) {
    self.divideBy = divideBy
    self.round = round
  }
}

// MARK: Amounts

/// What earlier lines of the same period contained.
public struct PriorBilling: Sendable, Equatable {
  public var quantity: ExactDecimal
  public var events: [ExactDecimal]
  public var billed: ExactDecimal

  public init(
    quantity: ExactDecimal = .zero, events: [ExactDecimal] = [], billed: ExactDecimal = .zero
  ) {
    self.quantity = quantity
    self.events = events
    self.billed = billed
  }

  public static let nothing = PriorBilling()
}

extension Price {
  /// The amount of one line, not rounded: what all usage so far costs, less what was billed of it.
  public func amount(
    quantity: ExactDecimal, events: [ExactDecimal] = [], prior: PriorBilling
  ) throws -> ExactDecimal {
    try amount(
      quantity: prior.quantity.adding(quantity), events: prior.events + events
    ).subtracting(prior.billed)
  }

  /// The amount of a whole period's usage, not rounded. Negative usage (a correction) gives money
  /// back at the first tier's price. `events` are needed only where `needsEvents` says so.
  public func amount(
    quantity: ExactDecimal, events: [ExactDecimal] = []
  ) throws -> ExactDecimal {
    let units = try chargeable(try converted(quantity))
    var amount = try discounted(
      model.formula.amount(of: PricedUsage(units: units, events: events, freeUnits: freeUnits)))
    if let minimum { amount = max(amount, minimum) }
    if let maximum { amount = min(amount, maximum) }
    return amount
  }

  /// The amount of a flat price for the active days of a month, in minor units. The days are of the
  /// amount and its discount; minimum and maximum are whole. All of it is multiplied by the days of
  /// the month, so that dividing by them is the one rounding.
  public func flatMinor(_ days: ActiveDays, exponent: Int) throws -> Int64 {
    let whole = ExactDecimal(days.ofMonth)
    let flat = (model.formula as? FlatPrice)?.amount ?? .zero
    var amount = try discounted(flat).multiplied(by: ExactDecimal(days.active))
    if let minimum { amount = max(amount, try minimum.multiplied(by: whole)) }
    if let maximum { amount = min(amount, try maximum.multiplied(by: whole)) }
    return try amount.roundedMinorUnits(exponent: exponent, dividedBy: days.ofMonth)
  }

  private func discounted(_ amount: ExactDecimal) throws -> ExactDecimal {
    guard let discountPercent else { return amount }
    let kept = try ExactDecimal(100).subtracting(discountPercent)
    return try amount.multiplied(by: kept).multiplied(by: Self.hundredth)
  }

  /// The quantity in the unit it is priced in.
  public func converted(_ quantity: ExactDecimal) throws -> ExactDecimal {
    guard let convert else { return quantity }
    return try quantity.divided(by: convert.divideBy, rounding: convert.round)
  }

  private func chargeable(_ units: ExactDecimal) throws -> ExactDecimal {
    guard let freeUnits, !units.isNegative else { return units }
    return units > freeUnits ? try units.subtracting(freeUnits) : .zero
  }

  private static let hundredth = ExactDecimal(coefficient: 1, normalisedScale: 2)
}

// MARK: In a catalog

extension Price: Codable {
  private static let commonKeys = ["model", "discount_percent", "minimum", "maximum"]

  public init(from decoder: any Decoder) throws {
    let fields = try CatalogFields(decoder)
    let name = try fields.string("model")
    guard let formula = PriceModel.formulas.first(where: { $0.name == name }) else {
      let names = PriceModel.formulas.map { $0.name }.joined(separator: ", ")
      throw fields.error("model", "unknown model '\(name.prefix(40))', expected one of \(names)")
    }
    try fields.allow(Self.commonKeys + formula.keys, of: "model \(name)")
    self.init(
      PriceModel(formula: try formula.init(fields)),
      convert: try fields.optional("convert") { try fields.value($0) },
      freeUnits: try fields.optional("free_units", fields.decimal),
      discountPercent: try fields.optional("discount_percent", fields.decimal),
      minimum: try fields.optional("minimum", fields.decimal),
      maximum: try fields.optional("maximum", fields.decimal))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CatalogKey.self)
    try container.encode(model.name, forKey: CatalogKey("model"))
    try model.formula.encode(into: &container)
    try container.encodeIfPresent(convert, forKey: CatalogKey("convert"))
    try container.encodeIfPresent(freeUnits, forKey: CatalogKey("free_units"))
    try container.encodeIfPresent(discountPercent, forKey: CatalogKey("discount_percent"))
    try container.encodeIfPresent(minimum, forKey: CatalogKey("minimum"))
    try container.encodeIfPresent(maximum, forKey: CatalogKey("maximum"))
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
