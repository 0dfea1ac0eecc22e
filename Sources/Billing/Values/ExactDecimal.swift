/// A decimal number kept exactly: quantities, prices and rates. Addition, subtraction and
/// multiplication give the exact result or throw `MoneyError.overflow`; nothing is ever rounded
/// except where a function says so.
///
/// Shape: an `Int128` coefficient over a power of ten, without trailing zeros, so equal numbers are
/// equal values. Read from text it has at most `maxScale` decimals; products may have twice as
/// many.
public struct ExactDecimal: Hashable, Sendable {
  /// The most decimals a number may have that is read from text or stored.
  public static let maxScale = 18
  static let maxProductScale = 36

  let coefficient: Int128
  let scale: UInt8

  public static let zero = ExactDecimal(0)
  public static let one = ExactDecimal(1)

  public init(_ value: Int) {
    coefficient = Int128(value)
    scale = 0
  }

  /// As stored: `nil` for a scale outside 0…18.
  public init?(coefficient: Int64, scale: Int) {
    guard 0...Self.maxScale ~= scale else { return nil }
    self.init(normalising: Int128(coefficient), scale: scale)
  }

  init(normalising coefficient: Int128, scale: Int) {
    var coefficient = coefficient
    var scale = scale
    if coefficient == 0 {
      scale = 0
    } else if let small = Int64(exactly: coefficient) {
      var small = small
      while scale > 0, small % 10 == 0 {
        small /= 10
        scale -= 1
      }
      coefficient = Int128(small)
    } else {
      while scale > 0, coefficient % 10 == 0 {
        coefficient /= 10
        scale -= 1
      }
    }
    self.coefficient = coefficient
    self.scale = UInt8(scale)
  }

  init(coefficient: Int128, normalisedScale: Int) {
    self.coefficient = coefficient
    self.scale = UInt8(normalisedScale)
  }

  /// For a store of 64-bit integers; `nil` if it does not fit.
  public var stored: (coefficient: Int64, scale: Int)? {
    guard scale <= Self.maxScale, let small = Int64(exactly: coefficient) else { return nil }
    return (small, Int(scale))
  }

  public var isZero: Bool { coefficient == 0 }
  public var isNegative: Bool { coefficient < 0 }
}

extension ExactDecimal: Comparable {
  /// Cannot overflow: whole parts first, then the fractions at the same scale.
  public static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
    if left.scale == right.scale { return left.coefficient < right.coefficient }
    let leftPower = FixedPoint.powersOfTen[Int(left.scale)]
    let rightPower = FixedPoint.powersOfTen[Int(right.scale)]
    let (leftWhole, leftPart) = left.coefficient.quotientAndRemainder(dividingBy: leftPower)
    let (rightWhole, rightPart) = right.coefficient.quotientAndRemainder(dividingBy: rightPower)
    if leftWhole != rightWhole { return leftWhole < rightWhole }
    let top = Int(max(left.scale, right.scale))
    return leftPart * FixedPoint.powersOfTen[top - Int(left.scale)]
      < rightPart * FixedPoint.powersOfTen[top - Int(right.scale)]
  }
}

extension ExactDecimal: CustomStringConvertible {
  /// Plain digits without trailing zeros, `0.2135`; reading it back gives the same number.
  public var description: String { FixedPoint.text(coefficient, scale: Int(scale)) }
}

/// As a string, `"0.2135"`; a bare number is refused, since a reader may already have rounded it.
extension ExactDecimal: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      self = try ExactDecimal(parsing: text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
