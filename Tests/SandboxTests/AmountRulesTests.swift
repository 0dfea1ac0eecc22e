import Billing
import Testing

@testable import sandbox

/// Two tables, written from the same page in two ways: what one calls chargeable the other takes.
struct AmountRulesTests {
  @Test func `The sandbox takes what the charger sends`() throws {
    for code in Currency.allCodes {
      let currency = try Currency(code)
      guard let rule = GatewayCurrencies.stripe[currency] else {
        #expect(AmountRules.refusal(of: 1_000, code, smallest: nil) != nil, "\(code)")
        continue
      }
      for amount in [rule.smallestMinor, rule.largestMinor, rule.smallestMinor * 3] {
        let number = try #require(rule.number(for: amount))
        #expect(AmountRules.refusal(of: number, code, smallest: nil) == nil, "\(code) \(number)")
      }
    }
  }

  @Test func `The sandbox refuses what the charger keeps back`() throws {
    for rule in GatewayCurrencies.stripe.all {
      let code = rule.currency.code
      let tooMuch = try #require(rule.number(for: rule.largestMinor + rule.stepMinor))
      #expect(
        AmountRules.refusal(of: tooMuch, code, smallest: nil)?.code == "amount_too_large",
        "\(code)")
      if rule.multiple > 1 {
        #expect(
          AmountRules.refusal(of: rule.smallest + 1, code, smallest: nil)?.code == "invalid_amount")
      }
      if rule.smallest > rule.multiple {
        #expect(
          AmountRules.refusal(of: rule.smallest - rule.multiple, code, smallest: nil)?.code
            == "amount_too_small", "\(code)")
      }
    }
  }
}
