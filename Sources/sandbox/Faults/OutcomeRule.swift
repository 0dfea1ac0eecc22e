/// Sets the outcome of a charge whatever its test card says, so that a retry can succeed or a good
/// card can fail.
struct OutcomeRule: Codable, Sendable, Equatable {
  var account: String?
  var paymentMethod: String?
  /// `succeeded` or a decline code such as `insufficient_funds`.
  var outcome: String
  /// For this many charges only; then the rule is removed.
  var times: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case account, outcome, times
    case paymentMethod = "payment_method"
  }
}

/// The rules that are set; the first that fits decides. In memory: a restart clears them.
struct OutcomeRules: Sendable {
  private(set) var rules: [OutcomeRule] = []

  mutating func add(_ rule: OutcomeRule) { rules.append(rule) }

  mutating func clear() { rules.removeAll() }

  mutating func take(account: String, paymentMethod: String) -> CardOutcome? {
    let found = rules.firstIndex {
      ($0.account == nil || $0.account == account)
        && ($0.paymentMethod == nil || $0.paymentMethod == paymentMethod)
    }
    guard let index = found else { return nil }
    let result = CardOutcome(spelling: rules[index].outcome)
    if let times = rules[index].times {
      if times <= 1 { rules.remove(at: index) } else { rules[index].times = times - 1 }
    }
    return result
  }
}
