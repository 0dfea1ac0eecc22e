import Testing

@testable import Billing

@Suite struct CurrencyTests {
  @Test(arguments: [
    ("CHF", 2), ("EUR", 2), ("USD", 2), ("HUF", 2), ("MRU", 2), ("JPY", 0), ("KRW", 0),
    ("UYI", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("UYW", 4),
  ])
  func `A currency has the decimals of ISO 4217`(code: String, exponent: Int) throws {
    let currency = try Currency(code)
    #expect(currency.exponent == exponent)
    #expect(currency.code == code)
    #expect("\(currency)" == code)
  }

  @Test(arguments: ["", "chf", "CH", "CHFR", "XXX", "XAU", "ABC", "C€", "CH\0"])
  func `What is not a currency is refused by name`(code: String) {
    #expect(throws: MoneyError.unknownCurrency(code)) { try Currency(code) }
  }

  @Test func `The list has each code once`() throws {
    let codes = Currency.allCodes
    #expect(Set(codes).count == codes.count)
    #expect(codes.count == 167)
    for code in codes { #expect(try Currency(code).code == code) }
    #expect(MemoryLayout<Currency>.size == 4)
  }
}
