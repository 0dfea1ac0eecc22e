import Billing

/// Accounts that have ended and have credit: no later invoice uses it, so a person pays it out.
struct EndedCredits: Encodable, Equatable {
  struct Account: Encodable, Equatable {
    var account: String
    var end: String
    /// In minor units, once the invoice at hand and older open ones have used what they need.
    var credit: Int64
    var currency: String
  }

  private static let shown = 20

  private(set) var count = 0
  /// The first of them.
  private(set) var accounts: [Account] = []

  /// `draft`: the invoice it would get.
  mutating func add(_ facts: AccountFacts, _ draft: InvoiceDraft?, in period: Period) {
    guard let end = facts.account.end, facts.account.hasEnded(in: period) else { return }
    let credit = -(facts.balanceMinor + (draft?.totalMinor ?? 0))
    guard credit > 0 else { return }
    count += 1
    guard accounts.count < Self.shown else { return }
    accounts.append(
      Account(
        account: facts.account.id, end: end.description, credit: credit,
        currency: facts.account.currency.code))
  }

  /// Empty when there are none.
  var lines: [String] {
    if count == 0 { return [] }
    let more = count - accounts.count
    return ["credit left on ended accounts, to be paid out by a person:"]
      + accounts.map {
        "  \(printable($0.account)), ended on \($0.end): \(money($0.credit, $0.currency))"
      } + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}
