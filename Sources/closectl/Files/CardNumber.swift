/// A card number in the place of the payment gateway's name for the card. It must not be stored
/// anywhere, so the row is refused before any of it is kept.
enum CardNumber {
  /// `nil` for anything else.
  static func fault(_ field: FieldBytes) -> String? {
    isNumber(field)
      ? "is a card number, which must not be stored: use the payment gateway's id for the card"
      : nil
  }

  /// 13 to 19 digits with the check digit of ISO/IEC 7812, in groups or not.
  private static func isNumber(_ field: FieldBytes) -> Bool {
    var digits: [Int] = []
    for byte in field where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return false }
      digits.append(Int(byte - UInt8(ascii: "0")))
    }
    guard 13...19 ~= digits.count else { return false }
    let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
      let value = digit.offset % 2 == 1 ? digit.element * 2 : digit.element
      return sum + (value > 9 ? value - 9 : value)
    }
    return sum % 10 == 0
  }
}
