import Billing
import Testing

@testable import Mail

@Suite struct MailNumbersTests {
  private let numbers = MailNumbers()

  @Test(arguments: [
    (200_008_000, "CHF", "2,000,080.00 CHF"), (-123_456, "CHF", "-1,234.56 CHF"),
    (99_900, "CHF", "999.00 CHF"), (1_234_567, "JPY", "1,234,567 JPY"),
    (1_234_567, "KWD", "1,234.567 KWD"), (0, "CHF", "0.00 CHF"),
    (Int64.max, "JPY", "9,223,372,036,854,775,807 JPY"),
  ])
  func `Amounts have their thousands apart`(minor: Int64, currency: String, expected: String) throws
  {
    #expect(numbers.money(minor, try Currency(currency)) == expected)
  }

  @Test(arguments: [
    ("0.19", "19 %"), ("0.081", "8.1 %"), ("0.190", "19 %"), ("0", "0 %"), ("0.0025", "0.25 %"),
    ("1", "100 %"), ("none", "none"),
  ])
  func `Rates are percent`(rate: String, expected: String) {
    #expect(numbers.percent(rate) == expected)
  }

  @Test(arguments: [
    ("8", "seat", "8 seats"), ("1", "seat", "1 seat"), ("-1", "seat", "-1 seat"),
    ("0", "call", "0 calls"), ("1.5", "hour", "1.5 hours"), ("2", "GB month", "2 GB months"),
    ("3", "GB-month", "3 GB-months"), ("2", "query", "2 queries"), ("2", "day", "2 days"),
    ("2", "box", "2 boxes"), ("1234567.50", "kWh", "1,234,567.5 kWh"), ("2", "GB", "2 GB"),
    ("2", "seats", "2 seats"), ("2", "席", "2 席"), ("2", "", "2"), ("2", "km", "2 km"),
    ("2", "api_call", "2 api_call"),
  ])
  func `Quantities are counted in their unit`(number: String, unit: String, expected: String) throws
  {
    #expect(numbers.quantity(try ExactDecimal(parsing: number), unit) == expected)
  }

  @Test func `In pages numbers do not part from their units`() throws {
    let money = MailNumbers(space: "\u{A0}").money(100, try Currency("CHF"))
    #expect(money == "1.00\u{A0}CHF")
  }
}
