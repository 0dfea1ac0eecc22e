import Billing

/// Numbers as people write them in English: `2,000,080.00 CHF`, `19 %`, `8 seats`.
///
/// `space` goes between a number and what it counts: an ordinary one in text, one that does not
/// break in HTML.
package struct MailNumbers: Sendable {
  package var space = " "

  package init(space: String = " ") { self.space = space }

  package func money(_ amountMinor: Int64, _ currency: Currency) -> String {
    GroupedDigits.grouped(Money(amountMinor, currency).decimalText) + space + currency.code
  }

  /// `0.081` is 8.1 %.
  func percent(_ rate: String) -> String {
    // The catalog's checks reject a rate that is not a decimal; if one appears, show it as it is.
    guard let share = try? ExactDecimal(parsing: rate),
      let percent = try? share.multiplied(by: ExactDecimal(100))
    else { return rate }
    return GroupedDigits.grouped(Self.trimmed("\(percent)")) + space + "%"
  }

  func quantity(_ quantity: ExactDecimal, _ unit: String?) -> String {
    let number = Self.trimmed("\(quantity)")
    guard let unit, !unit.isEmpty else { return GroupedDigits.grouped(number) }
    let isOne = number == "1" || number == "-1"
    return GroupedDigits.grouped(number) + space + (isOne ? unit : Self.plural(unit))
  }

  /// Without trailing zeros in the decimals.
  private static func trimmed(_ decimal: String) -> String {
    let bytes = decimal.utf8
    guard bytes.contains(UInt8(ascii: ".")), let last = bytes.last else { return decimal }
    if last != UInt8(ascii: "0"), last != UInt8(ascii: ".") { return decimal }
    var kept = Substring(decimal).utf8
    while kept.last == UInt8(ascii: "0") { kept.removeLast() }
    if kept.last == UInt8(ascii: ".") { kept.removeLast() }
    return String(Substring(kept))
  }

  /// `seats`, `GB months`, `queries`. Changes only lower-case words that have a vowel and are not
  /// yet plural. `kWh`, `GB` and words in other scripts stay as the catalog has them.
  static func plural(_ unit: String) -> String {
    let bytes = Array(unit.utf8)
    let begin = bytes.lastIndex { !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0) }.map { $0 + 1 }
    let word = bytes[(begin ?? 0)...]
    let before = begin.map { bytes[$0 - 1] }
    guard word.count >= 3, word.contains(where: isVowel), word.last != UInt8(ascii: "s"),
      before == nil || before == UInt8(ascii: " ") || before == UInt8(ascii: "-")
    else { return unit }
    let (second, last) = (word[word.endIndex - 2], word[word.endIndex - 1])
    if last == UInt8(ascii: "y"), !isVowel(second) { return unit.dropLast() + "ies" }
    let isHissing =
      "xz".utf8.contains(last) || last == UInt8(ascii: "h") && "cs".utf8.contains(second)
    return unit + (isHissing ? "es" : "s")
  }

  private static func isVowel(_ letter: UInt8) -> Bool { "aeiouy".utf8.contains(letter) }
}
