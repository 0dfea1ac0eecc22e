/// How a division or a conversion is brought to a whole number.
public enum Rounding: String, Codable, Sendable, CaseIterable {
  /// Towards plus infinity: part units count as whole ones.
  case ceiling
  /// Towards minus infinity.
  case floor
  /// To the nearest, a half away from zero.
  case halfUp = "half_up"
}

extension ExactDecimal {
  public func adding(_ other: ExactDecimal) throws -> ExactDecimal {
    try combined(with: other) { $0.addingReportingOverflow($1) }
  }

  public func subtracting(_ other: ExactDecimal) throws -> ExactDecimal {
    try combined(with: other) { $0.subtractingReportingOverflow($1) }
  }

  public func multiplied(by other: ExactDecimal) throws -> ExactDecimal {
    let (product, overflow) = coefficient.multipliedReportingOverflow(by: other.coefficient)
    guard !overflow else { throw MoneyError.overflow }
    let result = ExactDecimal(normalising: product, scale: Int(scale) + Int(other.scale))
    guard result.scale <= Self.maxProductScale else { throw MoneyError.overflow }
    return result
  }

  public func negated() -> ExactDecimal {
    // The smallest Int128 has no negative, but no operation here yields it.
    ExactDecimal(coefficient: 0 &- coefficient, normalisedScale: Int(scale))
  }

  /// The quotient as a whole number.
  public func divided(by divisor: ExactDecimal, rounding: Rounding) throws -> ExactDecimal {
    guard divisor.coefficient != 0 else { throw MoneyError.divisionByZero }
    let top = Int(max(scale, divisor.scale))
    let numerator = try scaled(to: top)
    let denominator = try divisor.scaled(to: top)
    return ExactDecimal(
      coefficient: try Self.quotient(numerator, denominator, rounding), normalisedScale: 0)
  }

  /// How many whole `divisor`s are begun: part ones count.
  public func dividedCeiling(by divisor: ExactDecimal) throws -> ExactDecimal {
    try divided(by: divisor, rounding: .ceiling)
  }

  /// The amount in minor units of a currency with `exponent` decimals, a half away from zero.
  public func roundedMinorUnits(exponent: Int) throws -> Int64 {
    try roundedMinorUnits(exponent: exponent, dividedBy: 1)
  }

  /// The same of a part of the amount, rounded once.
  public func roundedMinorUnits(exponent: Int, dividedBy parts: Int) throws -> Int64 {
    guard parts > 0 else { throw MoneyError.divisionByZero }
    let digits = Int(scale) - exponent
    let power = digits > 0 ? FixedPoint.powersOfTen[digits] : 1
    let (divisor, overflow) = power.multipliedReportingOverflow(by: Int128(parts))
    guard !overflow else { throw MoneyError.overflow }
    let numerator = digits > 0 ? coefficient : try scaled(to: exponent)
    let whole = try Self.quotient(numerator, divisor, .halfUp)
    guard let minor = Int64(exactly: whole) else { throw MoneyError.overflow }
    return minor
  }

  /// The coefficient at a scale that is not smaller.
  private func scaled(to target: Int) throws -> Int128 {
    let by = target - Int(scale)
    if by == 0 { return coefficient }
    let (value, overflow) = coefficient.multipliedReportingOverflow(by: FixedPoint.powersOfTen[by])
    guard !overflow else { throw MoneyError.overflow }
    return value
  }

  private func combined(
    with other: ExactDecimal,
    _ operation: (Int128, Int128) -> (partialValue: Int128, overflow: Bool)
  ) throws -> ExactDecimal {
    let top = Int(max(scale, other.scale))
    let (value, overflow) = operation(try scaled(to: top), try other.scaled(to: top))
    guard !overflow, value != .min else { throw MoneyError.overflow }
    return ExactDecimal(normalising: value, scale: top)
  }

  private static func quotient(
    _ numerator: Int128, _ denominator: Int128, _ rounding: Rounding
  ) throws -> Int128 {
    let (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
    if rest == 0 { return whole }
    let isNegative = (numerator < 0) != (denominator < 0)
    switch rounding {
    case .ceiling: return isNegative ? whole : whole + 1
    case .floor: return isNegative ? whole - 1 : whole
    case .halfUp:
      let isHalfOrMore = rest.magnitude >= denominator.magnitude - rest.magnitude
      return isHalfOrMore ? (isNegative ? whole - 1 : whole + 1) : whole
    }
  }
}
