import Billing

/// `12.30 CHF`. Codes come from the ledger, which knows no others; a stranger's is shown bare.
func money(_ amountMinor: Int64, _ code: String) -> String {
  do {
    return "\(Money(amountMinor, try Currency(code)))"
  } catch {
    return "\(amountMinor) minor units of \(code)"
  }
}

/// 1546560 as `1,546,560`, for counts in text.
func grouped(_ count: Int) -> String {
  let digits = String(count.magnitude)
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result += "," }
    result.append(digit)
  }
  return (count < 0 ? "-" : "") + result
}

/// `awaitingPayment` as `awaiting payment`.
func words(_ name: String) -> String {
  name.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
}

/// `312.4`
func tenths(_ value: Double) -> String {
  let scaled = Int((value * 10).rounded())
  return "\(scaled / 10).\(scaled % 10)"
}

/// `6.1 s`
func shortSeconds(_ seconds: Double) -> String { "\(tenths(seconds)) s" }
