import Billing
import Ledger

/// Accounts that came after the start of a close (by an import, or by late usage or dates), and
/// what happens to them.
struct LateArrivals: Encodable, Equatable {
  private static let named = 10

  var accounts: Int
  /// The first of them.
  var first: [String]
  /// Those with usage of the month that no invoice contains.
  var withUsage: Int
  /// `false`: the close is finished and adds no more accounts.
  var canBeTakenIn: Bool
  private let period: String

  private enum CodingKeys: CodingKey { case accounts, first, withUsage, canBeTakenIn }

  /// `nil` if there is no close, or if no account came later.
  init?(_ run: CloseRun?, in store: LedgerStore) async throws {
    guard let run else { return nil }
    let late = try await store.lateAccounts(run.period, limit: Self.named)
    if late.count == 0 { return nil }
    accounts = late.count
    first = late.first
    withUsage = late.withUsage
    canBeTakenIn = run.state == .running
    period = run.period.description
  }

  private var who: String {
    let count = accounts == 1 ? "1 account" : "\(grouped(accounts)) accounts"
    let more = accounts - first.count
    return "\(count) that came after the start: " + first.map(printable).joined(separator: ", ")
      + (more > 0 ? " and \(grouped(more)) more" : "")
  }

  /// For a close that is only being looked at.
  var line: String {
    canBeTakenIn
      ? "not in this close yet, \(who); closectl close start \(period) --late adds them"
      : "not in this close, \(who); \(fate)"
  }

  /// For a close that is being started again; `isMeant`: with --late.
  func startLine(isMeant: Bool) -> String {
    if !canBeTakenIn { return "\(period) is closed without \(who); \(fate)" }
    return isMeant ? "adds \(who)" : "not in this close yet, \(who); --late adds them"
  }

  /// The rule of docs/files.md for a month that was closed without an invoice for the account.
  private var fate: String {
    let some = withUsage == 1 ? "1 has" : "\(grouped(withUsage)) have"
    return "usage of \(period) goes on their next invoice automatically, without flat fees and "
      + "minimums (\(withUsage == 0 ? "none has" : some) any so far)"
  }
}

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
