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
