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

extension ExactDecimal {
  /// Reads `-12.5`: an optional minus, digits, optionally a point and digits. No exponent, no
  /// grouping, no plus sign, no spaces; at most `maxScale` decimals, trailing zeros not counted.
  public init(parsing text: some StringProtocol) throws {
    var text = String(text)
    let parsed = text.withUTF8 { ExactDecimal(utf8: $0) }
    guard let parsed else { throw MoneyError.unreadableDecimal(text) }
    self = parsed
  }

  /// The same without allocation, for millions of rows. `nil` where `init(parsing:)` throws.
  public init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return nil }
    let isNegative = start[0] == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    // Up to 18 digits in 64 bits: nearly every number in a file. The rest takes the wide path.
    guard bytes.count - index <= 18 else {
      self.init(wide: bytes, from: index, isNegative: isNegative)
      return
    }
    var value: Int64 = 0
    var zeros = 0
    var scale = 0
    var point = -1
    let first = index
    while index < bytes.count {
      let byte = start[index]
      if byte == UInt8(ascii: ".") {
        guard point < 0, index > first else { return nil }
        point = index
      } else {
        let digit = byte &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        if point < 0 {
          value = value &* 10 &+ Int64(digit)
        } else if digit == 0 {
          zeros += 1
        } else {
          for _ in 0...zeros { value = value &* 10 }
          value &+= Int64(digit)
          scale += zeros + 1
          zeros = 0
        }
      }
      index += 1
    }
    guard index > first, point != index - 1 else { return nil }
    self.init(
      coefficient: Int128(isNegative ? -value : value), normalisedScale: value == 0 ? 0 : scale)
  }

  /// Any length, overflow checked.
  private init?(wide bytes: UnsafeBufferPointer<UInt8>, from first: Int, isNegative: Bool) {
    let digits = bytes[first...]
    let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.endIndex
    guard point > first, point != digits.endIndex - 1 else { return nil }
    var end = digits.endIndex
    while end > point, digits[end - 1] == UInt8(ascii: "0") { end -= 1 }
    if end == point + 1 { end = point }
    let scale = max(0, end - point - 1)
    guard scale <= Self.maxScale else { return nil }
    var value: Int128 = 0
    for index in first..<end where index != point {
      let digit = digits[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (next, overflow) = tenfold.addingReportingOverflow(Int128(digit))
      guard !tooLarge, !overflow else { return nil }
      value = next
    }
    self.init(
      coefficient: isNegative ? -value : value, normalisedScale: value == 0 ? 0 : scale)
  }
}

/// Scaled integers as text, and powers of ten: what `Money` and `ExactDecimal` share.
enum FixedPoint {
  /// 10^0 … 10^38, all that fit.
  static let powersOfTen: [Int128] = {
    var powers: [Int128] = [1]
    for _ in 0..<38 { powers.append(powers[powers.count - 1] * 10) }
    return powers
  }()

  /// `1230` with scale 2 is `12.30`.
  static func text(_ coefficient: Int128, scale: Int) -> String {
    var digits = String(coefficient.magnitude)
    if scale > 0 {
      if digits.utf8.count <= scale {
        digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
      }
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
    }
    return coefficient < 0 ? "-" + digits : digits
  }
}
