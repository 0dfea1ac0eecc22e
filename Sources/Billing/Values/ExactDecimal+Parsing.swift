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
