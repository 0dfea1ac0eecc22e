import Billing

/// `12,345.30 CHF`, for text. Codes come from the ledger; an unknown code is shown in minor units.
func money(_ amountMinor: Int64, _ code: String) -> String {
  GroupedDigits.grouped(plainMoney(amountMinor, code))
}

/// `12345.30 CHF`, for sentences that also appear in a JSON document.
func plainMoney(_ amountMinor: Int64, _ code: String) -> String {
  do {
    return "\(Money(amountMinor, try Currency(code)))"
  } catch {
    return "\(amountMinor) minor units of \(code)"
  }
}

/// A sum that may exceed the limit of a single amount.
func wideMoney(_ sumMinor: Int128, _ code: String) -> String {
  do {
    let currency = try Currency(code)
    return GroupedDigits.grouped("\(Money.decimalText(sumMinor, currency)) \(currency)")
  } catch {
    return "\(sumMinor) minor units of \(code)"
  }
}

/// 1546560 as `1,546,560`, for counts in text.
func grouped(_ count: Int) -> String { GroupedDigits.grouped(String(count)) }

/// A sentence with its amounts as text has them: `12345.30 CHF` as `12,345.30 CHF`.
func inText(_ sentence: String) -> String {
  var words = sentence.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
  for index in words.indices.dropLast() where isCurrency(words[index + 1]) {
    let number = words[index].drop { $0 == "(" || $0 == "-" }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ $0.allSatisfy(\.isASCIIDigit) && !$0.isEmpty })
    else { continue }
    let front = words[index].prefix(words[index].count - number.count)
    words[index] = front + GroupedDigits.grouped(String(number))
  }
  return words.joined(separator: " ")
}

/// `CHF`, whatever follows it.
private func isCurrency(_ word: String) -> Bool {
  let code = word.prefix { $0.isASCII && $0.isUppercase }
  let next = word.dropFirst(code.count).first
  return code.count == 3
    && !(next.map { $0.isLetter || $0.isNumber || "-_/".contains($0) } ?? false)
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isWholeNumber }
}

/// A tax rate as people write it: `0.081` as `8.1 %`.
func percent(_ rate: String) -> String {
  do {
    return "\(try ExactDecimal(parsing: rate).multiplied(by: ExactDecimal(100))) %"
  } catch {
    return rate  // Kept as it is: not a rate from a catalog.
  }
}

/// `MWST 0.081` as `MWST 8.1 %`: a tax's name may have spaces, its rate has none.
func taxInPercent(_ tax: String) -> String {
  guard let space = tax.lastIndex(of: " ") else { return tax }
  return "\(tax[..<space]) \(percent(String(tax[tax.index(after: space)...])))"
}

/// An amount as an option takes it: as the ledger writes it, or with commas between the thousands
/// and with decimals, as text shows it. `1,234 KWD` could be either, and is refused.
func parseAmount(_ text: String) throws -> Money {
  let parts = text.split(separator: ".", maxSplits: 1)
  let groups = parts.first?.split(separator: ",", omittingEmptySubsequences: false) ?? []
  let isGrouped =
    parts.count == 2 && groups.count > 1 && (1...3).contains(groups[0].count)
    && groups.dropFirst().allSatisfy { $0.count == 3 }
    && groups.allSatisfy { $0.allSatisfy(\.isASCIIDigit) }
  return try Money(parsing: isGrouped ? groups.joined() + "." + parts[1] : text)
}

/// `awaitingPayment` as `awaiting payment`.
func words(_ name: String) -> String {
  name.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
}

/// `312.4`
func tenths(_ value: Double) -> String {
  let scaled = Int((value * 10).rounded())
  return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / 10).\(scaled.magnitude % 10)"
}

/// `6.1 s`
func shortSeconds(_ seconds: Double) -> String { "\(tenths(seconds)) s" }
