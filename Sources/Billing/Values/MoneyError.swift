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
