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
