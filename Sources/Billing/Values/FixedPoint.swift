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
