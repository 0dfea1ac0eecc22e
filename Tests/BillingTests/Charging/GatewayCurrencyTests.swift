import Billing
import Foundation
import Testing

@Suite struct GatewayCurrencyTests {
  static let gateway = GatewayCurrencies.stripe

  /// Ours in minor units, the gateway's number; `nil`: it cannot be said there.
  @Test(
    arguments: [
      ("CHF", 9012, 9012), ("JPY", 500, 500), ("HUF", 123_456, 123_456), ("TWD", 1045, 1045),
      ("ISK", 5, 500), ("UGX", 38_000, 3_800_000), ("MGA", 2_000_000, 20_000),
      ("MGA", 2_000_050, nil), ("KWD", 1230, 1230), ("KWD", 1234, nil), ("TND", 10, 10),
      ("XOF", 7, 7), ("CLF", 10_000, nil), ("IQD", 1000, nil), ("UYI", 1, nil),
    ] as [(String, Int64, Int64?)])
  func `An amount is sent in the gateway's units`(code: String, ours: Int64, theirs: Int64?) throws
  {
    let currency = try Currency(code)
    #expect(Self.gateway.number(for: ours, currency) == theirs)
    if let theirs { #expect(Self.gateway.amountMinor(of: theirs, currency) == ours) }
  }

  /// What Stripe cannot have taken is no amount of ours.
  @Test(arguments: [("ISK", 5050), ("UGX", 1), ("IQD", 1000)] as [(String, Int64)])
  func `A number that does not convert is none`(code: String, theirs: Int64) throws {
    #expect(Self.gateway.amountMinor(of: theirs, try Currency(code)) == nil)
  }

  @Test(
    arguments: [
      ("CHF", 49, .belowMinimum(minimumMinor: 50)), ("CHF", 50, .whole),
      ("CHF", 99_999_999, .whole), ("CHF", 100_000_000, .aboveMaximum(maximumMinor: 99_999_999)),
      ("GBP", 30, .whole), ("HUF", 17_499, .belowMinimum(minimumMinor: 17_500)),
      ("ISK", 999_999, .whole), ("ISK", 1_000_000, .aboveMaximum(maximumMinor: 999_999)),
      ("ISK", 0, .belowMinimum(minimumMinor: 1)),
      ("KWD", 9, .belowMinimum(minimumMinor: 10)), ("KWD", 10, .whole),
      ("KWD", 1234, .rounded(amountMinor: 1230)),
      ("KWD", 99_999_999, .rounded(amountMinor: 99_999_990)),
      ("KWD", 100_000_000, .aboveMaximum(maximumMinor: 99_999_990)),
      ("MGA", 99, .belowMinimum(minimumMinor: 100)), ("MGA", 150, .rounded(amountMinor: 100)),
      ("MGA", 9_999_999_950, .rounded(amountMinor: 9_999_999_900)),
      ("MGA", 10_000_000_000, .aboveMaximum(maximumMinor: 9_999_999_900)),
      ("JPY", 49, .belowMinimum(minimumMinor: 50)), ("JPY", 9_999_999_999, .whole),
      ("CLF", 10_000, .unknownCurrency),
      ("CHF", .max, .aboveMaximum(maximumMinor: 99_999_999)),
      ("CHF", .min, .belowMinimum(minimumMinor: 50)),
    ] as [(String, Int64, Chargeability)])
  func `An amount is chargeable by the table`(
    code: String, amount: Int64, expected: Chargeability
  ) throws {
    #expect(Self.gateway.chargeability(of: amount, try Currency(code)) == expected)
  }

  /// Whatever is said to be chargeable is sent as a number the gateway takes, and read back.
  @Test func `What is chargeable can be sent and read back`() throws {
    for rule in Self.gateway.all {
      for amount in [rule.smallestMinor, rule.largestMinor, rule.smallestMinor + rule.stepMinor] {
        #expect(Self.gateway.chargeability(of: amount, rule.currency) == .whole)
        let number = try #require(rule.number(for: amount), "\(rule.currency) \(amount)")
        #expect(number % rule.multiple == 0)
        #expect(number >= rule.smallest && number <= rule.largest)
        #expect(rule.amountMinor(of: number) == amount)
      }
      #expect(
        Self.gateway.chargeability(of: rule.smallestMinor - 1, rule.currency)
          == .belowMinimum(minimumMinor: rule.smallestMinor))
    }
  }

  @Test func `Nothing that is too large overflows`() throws {
    for rule in Self.gateway.all {
      for amount in [Int64.max, Int64.max - 1, .min, .min + 1] {
        _ = rule.number(for: amount)
        _ = rule.amountMinor(of: amount)
        _ = Self.gateway.chargeability(of: amount, rule.currency)
      }
    }
  }

  @Test func `A reason names amounts that people know`() throws {
    let kwd = try Currency("KWD")
    #expect(
      Self.gateway.chargeability(of: 1234, kwd).reason(1234, kwd)
        == "0.004 KWD of it cannot be charged to a card: the payment gateway accepts KWD in steps "
        + "of 0.010 KWD")
    let chf = try Currency("CHF")
    #expect(
      Self.gateway.chargeability(of: 12, chf).reason(12, chf)
        == "it is below the payment gateway's minimum of 0.50 CHF")
    #expect(Self.gateway.chargeability(of: 50, chf).reason(50, chf) == nil)
  }

  /// docs/currencies.md shows every currency whose rule is not the common one.
  @Test func `The documented table is the table`() throws {
    let rows = Self.gateway.all.filter { rule in
      rule.exponent != rule.currency.exponent || rule.multiple != 1 || rule.smallest != 1
        || rule.largest != 99_999_999
    }.map { rule in
      let amount = { (minor: Int64) in Money(minor, rule.currency).decimalText }
      return "| \(rule.currency) | \(rule.currency.exponent) | \(rule.exponent) | "
        + "\(amount(rule.stepMinor)) | \(amount(rule.smallestMinor)) | "
        + "\(amount(rule.largestMinor)) | 1 is sent as \(Self.sentForOne(rule)) |"
    }
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../docs/currencies.md").standardized
    let text = try String(contentsOf: page, encoding: .utf8)
    let shown = text.split(separator: "\n").filter { $0.contains("is sent as") }.map(String.init)
    #expect(shown == rows, "\(rows.joined(separator: "\n"))")
  }

  private static func sentForOne(_ rule: GatewayCurrency) -> String {
    let one = (0..<rule.currency.exponent).reduce(Int64(1)) { one, _ in one * 10 }
    return rule.number(for: one).map(String.init) ?? "nothing"
  }
}
