/// Stripe's rules for amounts, in a table of the sandbox's own, so that a fault in the charger's
/// conversion shows here. They count the number's digits, as https://docs.stripe.com/currencies
/// does.
enum AmountRules {
  /// One of the three refusals that concern the amount; `nil`: it is accepted.
  static func refusal(of amount: Int64, _ currency: String, smallest: Int64?) -> StripeFailure? {
    let currency = currency.lowercased()
    let digits = String(amount)
    if !unknown.isDisjoint(with: [currency]) {
      return .invalid("Invalid currency: \(currency).", param: "currency")
    }
    if let ending = endings[currency], !digits.hasSuffix(ending) {
      return .invalid(
        "Invalid amount: amounts in \(currency) have to end with \(ending).",
        code: "invalid_amount", param: "amount")
    }
    if amount < smallest ?? minimums[currency] ?? 1 {
      return .invalid(
        "Amount must be at least \(smallest ?? minimums[currency] ?? 1).",
        code: "amount_too_small", param: "amount")
    }
    if digits.count > longest[currency] ?? 8 {
      return .invalid(
        "Amount must be no more than \(longest[currency] ?? 8) digits.",
        code: "amount_too_large", param: "amount")
    }
    return nil
  }

  /// Two decimals that are always 00, and three of which the last is 0.
  private static let endings = [
    "isk": "00", "ugx": "00", "bhd": "0", "jod": "0", "kwd": "0", "omr": "0", "tnd": "0",
  ]

  private static let longest = [
    "cop": 10, "huf": 10, "idr": 12, "inr": 9, "jpy": 10, "lbp": 11,
  ]

  /// Currencies that Stripe does not support.
  private static let unknown: Set = ["clf", "iqd", "lyd", "uyi", "uyw"]

  private static let minimums: [String: Int64] = {
    var minimums: [String: Int64] = [:]
    for (amount, currencies) in byMinimum {
      for currency in currencies.split(separator: " ") { minimums[String(currency)] = amount }
    }
    return minimums
  }()

  /// 0.50 of many, 50 of JPY and KRW, which have no decimals.
  private static let byMinimum: [(Int64, String)] = [
    (30, "gbp"),
    (50, "ars aud brl cad chf cop eur idr ils inr jpy krw nzd php rub sgd usd zar"),
    (100, "bgn"), (200, "aed myr pln ron"), (250, "dkk"), (300, "nok sek"), (400, "hkd"),
    (1_000, "mxn thb"), (1_500, "czk"), (17_500, "huf"),
  ]
}
