import Testing

@testable import Billing

@Suite struct DeclinePolicyTests {
  @Test func `The table of hard declines names each code once with a reason`() {
    #expect(Set(DeclinePolicy.hard.map(\.code)).count == DeclinePolicy.hard.count)
    #expect(DeclinePolicy.hard.allSatisfy { !$0.reason.isEmpty })
    for soft in ["insufficient_funds", "generic_decline", "do_not_honor", "try_again_later", ""] {
      #expect(!DeclinePolicy.isHard(soft))
    }
  }

  @Test(arguments: ["authentication_required", "canceled", "lost_card", "expired_card"])
  func `A card that cannot be charged without its holder is declined for good`(code: String) {
    #expect(DeclinePolicy.isHard(code))
  }
}
