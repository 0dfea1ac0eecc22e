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

  public var isFlat: Bool {
    if case .flat = model { true } else { false }
  }

  /// What usage alone costs: without the minimum, which is due even without usage. The flat
  /// amount of a tier stays: it is the price of the usage that entered it.
  var ofUsageAlone: Price {
    var price = self
    price.minimum = nil
    return price
  }

  /// Whether the sum of the usage is not enough to price it.
  public var needsEvents: Bool {
    if case .percentage(let percentage) = model { percentage.needsEvents } else { false }
  }
}

public enum PriceModel: Sendable, Equatable {
  /// The same amount every period, whatever the usage.
  case flat(amount: ExactDecimal)
  case perUnit(ExactDecimal)
  /// Each unit at the price of the tier it falls in.
  case graduated([Tier])
  /// All units at the price of the tier that their sum falls in.
  case volume([Tier])
  /// Per package begun.
  case package(size: ExactDecimal, price: ExactDecimal)
  /// A share of the usage, which is itself an amount.
  case percentage(Percentage)
}

/// One step of a graduated or volume price. The last one, and only that, is open.
public struct Tier: Sendable, Equatable {
  /// Its upper end, included; `nil`: open.
  public var upTo: ExactDecimal?
  /// Per unit, or per package begun if there is a package size.
  public var unit: ExactDecimal
  /// Added once the tier is entered; the first tier is entered even without usage.
  public var flat: ExactDecimal
  public var packageSize: ExactDecimal?

  public init(
    upTo: ExactDecimal?, unit: ExactDecimal, flat: ExactDecimal = .zero,
    packageSize: ExactDecimal? = nil
  ) {
    self.upTo = upTo
    self.unit = unit
    self.flat = flat
    self.packageSize = packageSize
  }
}

/// A share of amounts that were used as events, in order of time.
public struct Percentage: Sendable, Equatable {
  /// A fraction: 0.029 for 2.9 %.
  public var rate: ExactDecimal
  /// Added for every event that is charged.
  public var fixedPerEvent: ExactDecimal?
  /// An event is free while no more than this many came and the running total is within
  /// `freeTotal`.
  public var freeEvents: Int?
  /// The event that crosses it is charged on the part above.
  public var freeTotal: ExactDecimal?
  /// For each charged event, its fixed amount included.
  public var minPerEvent: ExactDecimal?
  public var maxPerEvent: ExactDecimal?

  public init(
    rate: ExactDecimal, fixedPerEvent: ExactDecimal? = nil, freeEvents: Int? = nil,
    freeTotal: ExactDecimal? = nil, minPerEvent: ExactDecimal? = nil,
    maxPerEvent: ExactDecimal? = nil
  ) {
    self.rate = rate
    self.fixedPerEvent = fixedPerEvent
    self.freeEvents = freeEvents
    self.freeTotal = freeTotal
    self.minPerEvent = minPerEvent
    self.maxPerEvent = maxPerEvent
  }

  var needsEvents: Bool {
    fixedPerEvent != nil || freeEvents != nil || minPerEvent != nil || maxPerEvent != nil
  }
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
