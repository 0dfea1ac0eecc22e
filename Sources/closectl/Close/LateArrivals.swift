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
