/// An amount in a currency, in whole minor units. Every operation that could overflow throws.
public struct Money: Hashable, Sendable {
  public var amountMinor: Int64
  public var currency: Currency

  public init(_ amountMinor: Int64, _ currency: Currency) {
    self.amountMinor = amountMinor
    self.currency = currency
  }

  /// Reads `12.30 CHF`: a plain decimal, a space, a currency. Fewer decimals than the currency has
  /// are fine (`12 CHF`), more are an error, even zeros.
  public init(parsing text: some StringProtocol) throws {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let decimal = try? ExactDecimal(parsing: parts[0]) else {
      // The decimal's own complaint says less than ours, which shows the whole text.
      throw MoneyError.unreadableMoney(String(text))
    }
    let currency = try Currency(String(parts[1]))
    let decimals = parts[0].split(separator: ".").dropFirst().first?.count ?? 0
    guard decimals <= currency.exponent else {
      throw MoneyError.tooManyDecimals(String(text), currency)
    }
    self.init(try decimal.roundedMinorUnits(exponent: currency.exponent), currency)
  }

  public func adding(_ other: Money) throws -> Money {
    try combined(with: other) { $0.addingReportingOverflow($1) }
  }

  public func subtracting(_ other: Money) throws -> Money {
    try combined(with: other) { $0.subtractingReportingOverflow($1) }
  }

  public func negated() throws -> Money {
    try Money(0, currency).subtracting(self)
  }

  private func combined(
    with other: Money, _ operation: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
  ) throws -> Money {
    guard currency == other.currency else {
      throw MoneyError.currencyMismatch(currency, other.currency)
    }
    let (amount, overflow) = operation(amountMinor, other.amountMinor)
    guard !overflow else { throw MoneyError.overflow }
    return Money(amount, currency)
  }
}

extension Money: CustomStringConvertible {
  /// `12.30 CHF`, `-0.05 CHF`, `100 JPY`: with all the currency's decimals and no grouping.
  public var description: String {
    "\(decimalText) \(currency)"
  }

  /// A sum of amounts, which may be more than one amount can be.
  public static func decimalText(_ sumMinor: Int128, _ currency: Currency) -> String {
    FixedPoint.text(sumMinor, scale: currency.exponent)
  }

  /// The amount without its currency, `12.30`.
  public var decimalText: String {
    FixedPoint.text(Int128(amountMinor), scale: currency.exponent)
  }
}

extension Money {
  /// No single amount is larger: 9,999,999,999,999.99 CHF. Thousands of such amounts can be added
  /// before a sum no longer fits.
  public static let largestMinor: Int64 = 999_999_999_999_999
  /// No account may owe, or be owed, more than this.
  public static let largestBalanceMinor: Int64 = 99_999_999_999_999_999

  public var isWithinLimit: Bool { Self.isWithinLimit(amountMinor) }

  public static func isWithinLimit(_ amountMinor: Int64) -> Bool {
    amountMinor.magnitude <= UInt64(largestMinor)
  }

  /// The largest amount, as people write it.
  public static func limit(_ currency: Currency) -> Money { Money(largestMinor, currency) }
}

extension AccountFacts {
  /// Throws when the account has come to owe, or to be owed, more than is kept. What makes the
  /// figure smaller is always allowed, so that a balance of former times can be put right.
  public func checkBalance(since before: AccountFacts) throws {
    guard balanceMinor.magnitude > UInt64(Money.largestBalanceMinor),
      balanceMinor.magnitude > before.balanceMinor.magnitude
    else { return }
    throw MoneyError.balanceAboveLimit(account.currency)
  }
}

extension Int64 {
  /// For sums of minor units. Where a sum that does not fit is a refusal of its own, as in the
  /// ledger and on an invoice, it is checked there and named there.
  package func adding(_ other: Int64) throws -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    if overflow { throw MoneyError.overflow }
    return sum
  }
}

/// What can be wrong with an amount of money, a price or a quantity.
public enum MoneyError: Error, Equatable, Sendable {
  /// The result does not fit; nothing is ever cut off or wrapped around.
  case overflow
  /// A single amount above `Money.largestMinor`.
  case aboveLimit(Currency)
  /// An account's balance above `Money.largestBalanceMinor`.
  case balanceAboveLimit(Currency)
  case unknownCurrency(String)
  case currencyMismatch(Currency, Currency)
  /// Not a decimal followed by a currency.
  case unreadableMoney(String)
  /// More decimals than the currency's minor unit has.
  case tooManyDecimals(String, Currency)
  /// Not a plain decimal.
  case unreadableDecimal(String)
  case divisionByZero
}

extension MoneyError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .overflow:
      "the amount is too large to store exactly"
    case .aboveLimit(let currency):
      "the amount is above the limit of \(Money.limit(currency))"
    case .balanceAboveLimit(let currency):
      "the account's balance would be above the limit of "
        + "\(Money(Money.largestBalanceMinor, currency))"
    case .unknownCurrency(let code):
      "unknown currency '\(Self.short(code))'; expected an ISO 4217 code such as CHF"
    case .currencyMismatch(let one, let other):
      "cannot mix \(one) and \(other)"
    case .unreadableMoney(let text):
      "'\(Self.short(text))' is not an amount; expected a decimal and a currency such as 12.30 CHF"
    case .tooManyDecimals(let text, let currency):
      "'\(Self.short(text))' has too many decimals; \(currency) has \(currency.exponent)"
    case .unreadableDecimal(let text):
      "'\(Self.short(text))' is not a decimal; expected digits with at most "
        + "\(ExactDecimal.maxScale) decimals such as 0.2135"
    case .divisionByZero:
      "division by zero"
    }
  }

  /// Input is quoted in errors, but not megabytes of it.
  private static func short(_ text: String) -> String {
    text.utf8.count <= 60 ? text : text.prefix(40) + "…"
  }
}

/// Numbers as people write them in English: `-12345.678 CHF` as `-12,345.678 CHF`.
package enum GroupedDigits {
  /// With commas between the thousands of the whole number the text begins with.
  package static func grouped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let begin = bytes.firstIndex { $0 != UInt8(ascii: "-") } ?? bytes.count
    let end = bytes[begin...].firstIndex { !(0x30...0x39 ~= $0) } ?? bytes.count
    if end - begin <= 3 { return text }
    var grouped = Array(bytes[..<begin])
    for index in begin..<end {
      if index > begin, (end - index).isMultiple(of: 3) { grouped.append(UInt8(ascii: ",")) }
      grouped.append(bytes[index])
    }
    return String(decoding: grouped + bytes[end...], as: UTF8.self)
  }
}
