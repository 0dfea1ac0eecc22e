import Testing

@testable import Billing

@Suite struct MoneyTests {
  @Test(arguments: [
    ("12.30 CHF", 1230, "12.30 CHF"),
    ("12.3 CHF", 1230, "12.30 CHF"),
    ("12 CHF", 1200, "12.00 CHF"),
    ("0.05 CHF", 5, "0.05 CHF"),
    ("-0.05 CHF", -5, "-0.05 CHF"),
    ("-12.30 CHF", -1230, "-12.30 CHF"),
    ("0 CHF", 0, "0.00 CHF"),
    ("-0.00 CHF", 0, "0.00 CHF"),
    ("100 JPY", 100, "100 JPY"),
    ("1.234 KWD", 1234, "1.234 KWD"),
    ("0.0001 CLF", 1, "0.0001 CLF"),
    ("92233720368547758.07 CHF", Int64.max, "92233720368547758.07 CHF"),
    ("-92233720368547758.08 CHF", Int64.min, "-92233720368547758.08 CHF"),
  ])
  func `Money is read and written in whole minor units`(
    text: String, minor: Int64, written: String
  ) throws {
    let money = try Money(parsing: text)
    #expect(money.amountMinor == minor)
    #expect("\(money)" == written)
  }

  @Test(arguments: [
    ("12.305 CHF", "'12.305 CHF' has too many decimals; CHF has 2"),
    ("12.300 CHF", "'12.300 CHF' has too many decimals; CHF has 2"),
    ("1.0 JPY", "'1.0 JPY' has too many decimals; JPY has 0"),
    ("1 ABC", "unknown currency 'ABC'; expected an ISO 4217 code such as CHF"),
    (
      "12.30",
      "'12.30' is not an amount; expected a decimal and a currency such as 12.30 CHF"
    ),
    (
      "12,30 CHF",
      "'12,30 CHF' is not an amount; expected a decimal and a currency such as 12.30 CHF"
    ),
    (
      "CHF 12.30",
      "'CHF 12.30' is not an amount; expected a decimal and a currency such as 12.30 CHF"
    ),
    (
      "1e3 CHF", "'1e3 CHF' is not an amount; expected a decimal and a currency such as 12.30 CHF"
    ),
    ("92233720368547758.08 CHF", "the amount is too large to store exactly"),
  ])
  func `Money that cannot be kept exactly is refused with a reason`(
    text: String, reason: String
  ) {
    let error = #expect(throws: MoneyError.self) { try Money(parsing: text) }
    #expect(error?.description == reason)
  }

  @Test func `Sums are exact or an error`() throws {
    let chf = try Currency("CHF")
    let eur = try Currency("EUR")
    let most = Money(.max, chf)
    let least = Money(.min, chf)
    #expect(try Money(30, chf).adding(Money(-50, chf)) == Money(-20, chf))
    #expect(try Money(30, chf).subtracting(Money(50, chf)) == Money(-20, chf))
    #expect(try Money(30, chf).negated() == Money(-30, chf))
    #expect(throws: MoneyError.overflow) { try most.adding(Money(1, chf)) }
    #expect(throws: MoneyError.overflow) { try least.subtracting(Money(1, chf)) }
    #expect(throws: MoneyError.overflow) { try least.negated() }
    #expect(throws: MoneyError.currencyMismatch(chf, eur)) {
      try Money(1, chf).adding(Money(1, eur))
    }
  }
}
