/// How the payment gateway counts one currency. Its units are not always those of ISO 4217: the
/// ledger keeps ISO's minor units, and converts only what it sends to and reads from the gateway.
public struct GatewayCurrency: Sendable, Equatable {
  public let currency: Currency
  /// Decimals of the gateway's number: 5 ISK are sent as 500.
  public let exponent: Int
  /// The gateway's number must be divisible by this.
  public let multiple: Int64
  /// The smallest and largest numbers the gateway accepts.
  public let smallest: Int64
  public let largest: Int64

  /// The number sent to the gateway for one of our amounts; `nil` if the gateway's units cannot
  /// express it exactly.
  public func number(for amountMinor: Int64) -> Int64? {
    let number: Int64
    if exponent >= currency.exponent {
      let (product, overflow) = amountMinor.multipliedReportingOverflow(by: factor)
      if overflow { return nil }
      number = product
    } else {
      guard amountMinor % factor == 0 else { return nil }
      number = amountMinor / factor
    }
    return number % multiple == 0 ? number : nil
  }

  /// The gateway's number in our minor units; `nil` if the ledger cannot hold the amount.
  public func amountMinor(of number: Int64) -> Int64? {
    if exponent >= currency.exponent {
      return number % factor == 0 ? number / factor : nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }

  /// In our minor units: chargeable amounts are multiples of this.
  public var stepMinor: Int64 {
    exponent >= currency.exponent ? max(multiple / factor, 1) : factor * multiple
  }

  /// In our minor units.
  public var smallestMinor: Int64 {
    let scaled =
      exponent >= currency.exponent ? (smallest + factor - 1) / factor : smallest * factor
    return (scaled + stepMinor - 1) / stepMinor * stepMinor
  }

  /// In our minor units.
  public var largestMinor: Int64 {
    let scaled = exponent >= currency.exponent ? largest / factor : largest * factor
    return scaled / stepMinor * stepMinor
  }

  /// Between the gateway's units and ours.
  private var factor: Int64 {
    (0..<abs(exponent - currency.exponent)).reduce(1) { factor, _ in factor * 10 }
  }
}

/// Whether an amount of an invoice can be charged to a card.
public enum Chargeability: Sendable, Equatable {
  case whole
  /// Only this much can be expressed in the gateway's units; a rest smaller than one step stays
  /// open.
  case rounded(amountMinor: Int64)
  case belowMinimum(minimumMinor: Int64)
  case aboveMaximum(maximumMinor: Int64)
  /// The gateway has no such currency, or its units for it are not known.
  case unknownCurrency
}

/// What a payment gateway accepts, currency by currency.
public struct GatewayCurrencies: Sendable {
  private let rules: [Currency: GatewayCurrency]

  public init(_ rules: [GatewayCurrency]) {
    self.rules = Dictionary(rules.map { ($0.currency, $0) }) { _, last in last }
  }

  public subscript(currency: Currency) -> GatewayCurrency? { rules[currency] }

  /// In alphabetical order.
  public var all: [GatewayCurrency] {
    rules.values.sorted { $0.currency.code < $1.currency.code }
  }

  public func number(for amountMinor: Int64, _ currency: Currency) -> Int64? {
    rules[currency]?.number(for: amountMinor)
  }

  public func amountMinor(of number: Int64, _ currency: Currency) -> Int64? {
    rules[currency]?.amountMinor(of: number)
  }

  public func chargeability(of amountMinor: Int64, _ currency: Currency) -> Chargeability {
    guard let rule = rules[currency] else { return .unknownCurrency }
    if amountMinor < rule.smallestMinor { return .belowMinimum(minimumMinor: rule.smallestMinor) }
    let part = amountMinor / rule.stepMinor * rule.stepMinor
    if part > rule.largestMinor { return .aboveMaximum(maximumMinor: rule.largestMinor) }
    return part == amountMinor ? .whole : .rounded(amountMinor: part)
  }

  /// Too little for a card: an amount we do not even try to collect must not lead to a hold.
  public func isTooSmall(_ amountMinor: Int64, _ currency: Currency) -> Bool {
    guard let rule = rules[currency] else { return false }
    return amountMinor < rule.smallestMinor
  }
}

extension Chargeability {
  /// Why it cannot be charged in full, with amounts as people write them; `nil` if it can.
  public func reason(_ amountMinor: Int64, _ currency: Currency) -> String? {
    switch self {
    case .whole: nil
    case .rounded(let part):
      "\(Money(amountMinor - part, currency)) of it cannot be charged to a card: the payment "
        + "gateway accepts \(currency) in steps of "
        + "\(Money(GatewayCurrencies.stripe[currency]?.stepMinor ?? 1, currency))"
    case .belowMinimum(let minimum):
      "it is below the payment gateway's minimum of \(Money(minimum, currency))"
    case .aboveMaximum(let maximum):
      "it is above the payment gateway's maximum of \(Money(maximum, currency))"
    case .unknownCurrency:
      "the payment gateway does not accept \(currency)"
    }
  }
}

extension GatewayCurrencies {
  /// Stripe's rules for charges to cards, from https://docs.stripe.com/currencies (editions of 2025
  /// and 2026). docs/currencies.md has the table and what the editions say differently.
  public static let stripe = GatewayCurrencies(
    Currency.allCodes.compactMap { code in
      // A code of the list is a currency of the list.
      (try? Currency(code)).flatMap(stripeRule)
    })

  private static func stripeRule(_ currency: Currency) -> GatewayCurrency? {
    let code = currency.code
    let exponent: Int
    let multiple: Int64
    if zeroDecimal.contains(code) {
      (exponent, multiple) = (0, 1)
    } else if wholeOnly.contains(code) {
      (exponent, multiple) = (2, 100)
    } else if threeDecimal.contains(code) {
      (exponent, multiple) = (3, 10)
    } else if currency.exponent == 2 {
      (exponent, multiple) = (2, 1)
    } else {
      // ISO says none, three or four decimals (UYI, IQD, LYD, CLF, UYW) and Stripe says nothing:
      // a guess would be wrong by a factor.
      return nil
    }
    return GatewayCurrency(
      currency: currency, exponent: exponent, multiple: multiple,
      smallest: max(smallest[code] ?? 1, multiple), largest: largest[code] ?? 99_999_999)
  }

  /// "Zero-decimal currencies": the number is the amount. MGA is one of them, although ISO 4217
  /// gives it two decimals (an ariary has five iraimbilanja).
  private static let zeroDecimal = codes(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")

  /// "Special cases": sent with two decimals that are always 00. (HUF and TWD stand beside them for
  /// payouts only: "you can charge two-decimal amounts".)
  private static let wholeOnly = codes("ISK UGX")

  /// "Three-decimal currencies": the last digit has to be 0.
  private static let threeDecimal = codes("BHD JOD KWD OMR TND")

  /// "Minimum charge amounts", in the gateway's numbers. They are the settlement currency's; of
  /// other currencies than these the gateway converts the minimum at the day's rate, which nobody
  /// can know beforehand. BGN is from an older edition.
  private static let smallest: [String: Int64] = [
    "AED": 200, "ARS": 50, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "COP": 50,
    "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "IDR": 50, "ILS": 50,
    "INR": 50, "JPY": 50, "KRW": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PHP": 50,
    "PLN": 200, "RON": 200, "RUB": 50, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50, "ZAR": 50,
  ]

  /// "Maximum charge amounts", by number of digits: eight but for these. A newer edition grants
  /// cards twelve digits, the API reference still says eight; the smaller one is kept.
  private static let largest: [String: Int64] = [
    "COP": 9_999_999_999, "HUF": 9_999_999_999, "IDR": 999_999_999_999, "INR": 999_999_999,
    "JPY": 9_999_999_999, "LBP": 99_999_999_999,
  ]

  private static func codes(_ list: String) -> Set<String> {
    Set(list.split(separator: " ").map(String.init))
  }
}
