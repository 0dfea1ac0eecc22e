import Billing
import Testing

@testable import closectl

@Suite struct FiguresTests {
  @Test(arguments: [
    (0, "CHF", "0.00 CHF"), (-1, "CHF", "-0.01 CHF"), (123_456, "CHF", "1,234.56 CHF"),
    (-200_008_000, "CHF", "-2,000,080.00 CHF"), (99_999, "CHF", "999.99 CHF"),
    (0, "JPY", "0 JPY"), (1_000_000, "JPY", "1,000,000 JPY"), (1_234_567, "KWD", "1,234.567 KWD"),
    (-5, "???", "-5 minor units of ???"),
  ])
  func `Amounts have thousands separators`(minor: Int64, code: String, text: String) {
    #expect(money(minor, code) == text)
  }

  @Test(arguments: [
    (
      "charged 2000080.00 CHF (attempt 1): succeeded",
      "charged 2,000,080.00 CHF (attempt 1): succeeded"
    ),
    ("(12345.60 CHF), -1000 JPY; 999.00 CHF.", "(12,345.60 CHF), -1,000 JPY; 999.00 CHF."),
    ("account 20000 CHE-1 by bank-4711 CHF", "account 20000 CHE-1 by bank-4711 CHF"),
    ("20261201 CHFX, 2026-11-01 CHF, 1.2.3456 CHF", "20261201 CHFX, 2026-11-01 CHF, 1.2.3456 CHF"),
    ("", ""),
  ])
  func `Amounts in a sentence do too`(sentence: String, text: String) {
    #expect(inText(sentence) == text)
  }

  @Test(arguments: [
    ("MWST 0.081", "MWST 8.1 %"), ("MwSt red. 0.07", "MwSt red. 7 %"), ("VAT 0", "VAT 0 %"),
    ("Tax 0.08875", "Tax 8.875 %"), ("odd", "odd"),
  ])
  func `Rates are percent`(tax: String, text: String) { #expect(taxInPercent(tax) == text) }

  @Test(arguments: [
    ("12.30 CHF", 1_230), ("2,000,080.00 CHF", 200_008_000), ("12345.6 CHF", 1_234_560),
    ("1,234.567 KWD", 1_234_567),
  ])
  func `Amounts are read as they are shown`(text: String, minor: Int64) throws {
    #expect(try parseAmount(text).amountMinor == minor)
  }

  @Test(arguments: ["1,234 KWD", "12,30 CHF", "1,23.00 CHF", "1.234,00 CHF", ",123.00 CHF"])
  func `An amount that could be another is refused`(text: String) {
    #expect(throws: MoneyError.self) { try parseAmount(text) }
  }

  @Test func `A rate below zero has one sign`() {
    #expect(tenths(-0.5) == "-0.5")
    #expect(tenths(-0.04) == "0.0")
    #expect(tenths(312.44) == "312.4")
  }
}
