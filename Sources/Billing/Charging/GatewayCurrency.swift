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
