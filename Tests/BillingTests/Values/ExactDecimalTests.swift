import Foundation
import Testing

@testable import Billing

@Suite struct ExactDecimalTests {
  private func decimal(_ text: String) throws -> ExactDecimal { try ExactDecimal(parsing: text) }

  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("0.000", "0"), ("007", "7"), ("1.50", "1.5"), ("100", "100"),
    ("-12.305", "-12.305"), ("0.2135", "0.2135"), ("0.001", "0.001"), ("10.010", "10.01"),
    ("123456789012345678", "123456789012345678"),
    ("1234567890123456789", "1234567890123456789"),
    ("99999999999999999999", "99999999999999999999"),
    ("0.000000000000000001", "0.000000000000000001"),
    ("-0.123456789012345678", "-0.123456789012345678"),
    ("1.0000000000000000000000", "1"), ("12345678901234567890.50", "12345678901234567890.5"),
    (
      "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"
    ),
  ])
  func `A decimal is read exactly and written without trailing zeros`(
    text: String, written: String
  ) throws {
    #expect(try decimal(text).description == written)
    #expect(try decimal(written) == decimal(text))
    #expect(try decimal(written).hashValue == decimal(text).hashValue)
  }

  @Test(arguments: [
    "", "-", ".", "1.", ".5", "-.5", "+1", "1e3", "1,5", "1'000", " 1", "1 ", "--1", "1.2.3", "NaN",
    "inf", "0x10", "١", "1.234567890123456789012.3", "0.0000000000000000001",
    "123456789012345678901234567890.", "170141183460469231731687303715884105728",
    "99999999999999999999999999999999999999999", "12345678901234567890x",
  ])
  func `What is not a plain decimal is refused`(text: String) {
    #expect(throws: MoneyError.unreadableDecimal(text)) { try decimal(text) }
  }

  @Test(arguments: [
    ("1", "2", true), ("2", "1", false), ("1", "1", false), ("-1", "0.5", true),
    ("0.5", "0.49", false), ("-0.5", "-0.49", true), ("1.1", "1.10", false),
    ("99999999999999999999999999999999999999", "0.000000000000000001", false),
    ("0.000000000000000001", "99999999999999999999999999999999999999", true),
    ("-99999999999999999999999999999999999999", "0.000000000000000001", true),
    ("12.34", "12.345", true),
  ])
  func `Decimals of any size compare`(left: String, right: String, isLess: Bool) throws {
    #expect(try (decimal(left) < decimal(right)) == isLess)
  }

  @Test func `Sums, differences and products are exact`() throws {
    #expect(try decimal("0.1").adding(decimal("0.2")) == decimal("0.3"))
    #expect(try decimal("0.15").adding(decimal("0.85")) == decimal("1"))
    #expect(
      try decimal("1").subtracting(decimal("0.000000000000000001")).description
        == "0.999999999999999999")
    #expect(try decimal("5.12345").multiplied(by: decimal("10")) == decimal("51.2345"))
    #expect(try decimal("-0.5").multiplied(by: decimal("0.5")) == decimal("-0.25"))
    #expect(
      try decimal("0.123456789012345678").multiplied(by: decimal("0.0001")).description
        == "0.0000123456789012345678")
    #expect(try decimal("0").multiplied(by: decimal("123.45")).isZero)
    #expect(try decimal("2.5").negated() == decimal("-2.5"))
  }

  @Test func `What does not fit is an error`() throws {
    let large = try decimal("170141183460469231731687303715884105727")
    let small = try decimal("0.000000000000000001")
    #expect(throws: MoneyError.overflow) { try large.adding(.one) }
    #expect(throws: MoneyError.overflow) { try large.negated().subtracting(.one) }
    #expect(throws: MoneyError.overflow) { try large.adding(small) }
    #expect(throws: MoneyError.overflow) { try large.multiplied(by: decimal("10")) }
    #expect(throws: MoneyError.overflow) {
      try small.multiplied(by: small).multiplied(by: decimal("0.1"))
    }
    #expect(throws: MoneyError.overflow) { try large.roundedMinorUnits(exponent: 0) }
    #expect(throws: MoneyError.overflow) {
      try decimal("92233720368547758.08").roundedMinorUnits(exponent: 2)
    }
    #expect(throws: MoneyError.divisionByZero) { try large.dividedCeiling(by: .zero) }
  }

  @Test(arguments: [
    ("0.005", 2, 1), ("-0.005", 2, -1), ("0.004", 2, 0), ("-0.004", 2, 0), ("0.015", 2, 2),
    ("0.0049999999999", 2, 0), ("-0.0050000000001", 2, -1), ("1.5", 0, 2), ("2.5", 0, 3),
    ("-2.5", 0, -3), ("12.3", 2, 1230), ("12", 3, 12_000), ("0.00005", 4, 1),
    ("92233720368547758.074", 2, Int64.max), ("-92233720368547758.084", 2, Int64.min),
  ])
  func `Minor units are rounded half away from zero`(
    text: String, exponent: Int, minor: Int64
  ) throws {
    #expect(try decimal(text).roundedMinorUnits(exponent: exponent) == minor)
  }

  @Test(arguments: [
    ("1400", "1000", Rounding.ceiling, "2"), ("1400", "1000", .floor, "1"),
    ("1400", "1000", .halfUp, "1"), ("1500", "1000", .halfUp, "2"), ("2000", "1000", .ceiling, "2"),
    ("-1500", "1000", .halfUp, "-2"), ("-1400", "1000", .ceiling, "-1"),
    ("-1400", "1000", .floor, "-2"), ("0.1", "0.03", .ceiling, "4"), ("0", "7", .ceiling, "0"),
    ("121", "10", .ceiling, "13"), ("0.000000000000000001", "1000", .ceiling, "1"),
  ])
  func `A division gives whole numbers`(
    value: String, by: String, rounding: Rounding, expected: String
  ) throws {
    #expect(try decimal(value).divided(by: decimal(by), rounding: rounding).description == expected)
  }

  @Test func `It is stored as a 64-bit coefficient and a scale, if it fits`() throws {
    let stored = try #require(try decimal("-12.50").stored)
    #expect(stored == (-125, 1))
    #expect(ExactDecimal(coefficient: -1250, scale: 2) == (try decimal("-12.5")))
    #expect(ExactDecimal(coefficient: 1, scale: 19) == nil)
    #expect(ExactDecimal(coefficient: 1, scale: -1) == nil)
    #expect(try decimal("9223372036854775807").stored?.coefficient == .max)
    #expect(try decimal("9223372036854775808").stored == nil)
    let fine = try decimal("0.000000000000000001").multiplied(by: decimal("0.1"))
    #expect(fine.stored == nil)
  }

  @Test func `In JSON it is a string, and a bare number is refused`() throws {
    let encoded = try JSONEncoder().encode([try decimal("0.2135")])
    #expect(String(decoding: encoded, as: UTF8.self) == #"["0.2135"]"#)
    #expect(try JSONDecoder().decode([ExactDecimal].self, from: encoded) == [decimal("0.2135")])
    for wrong in ["[0.1]", "[1]", #"["1e3"]"#, "[null]"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([ExactDecimal].self, from: Data(wrong.utf8))
      }
    }
  }
}
