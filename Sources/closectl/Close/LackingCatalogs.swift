import Billing
import Ledger

/// Accounts of a close that got no invoice because there was no catalog in their currency, and how
/// they get one.
struct LackingCatalogs {
  struct Currency: Encodable, Equatable {
    var currency: String
    var accounts: Int
    var first: [String]
    /// The catalog with which another start adds them; null if there is none.
    var version: Int?
    /// False: the close is finished and adds no more accounts.
    var isRunning: Bool
  }

  let currencies: [Currency]

  init(_ period: Period, in store: LedgerStore) async throws {
    guard let run = try await store.run(period) else {
      currencies = []
      return
    }
    currencies = try await store.lackingCatalog(period).map {
      Currency(
        currency: $0.currency, accounts: $0.accounts, first: $0.first, version: $0.version,
        isRunning: run.state == .running)
    }
  }

  /// Empty when there are none.
  static func lines(_ currencies: [Currency], _ period: String) -> [String] {
    currencies.map { found in
      let names = found.first.map(printable).joined(separator: ", ")
      let more = found.accounts - found.first.count
      let who = names + (more > 0 ? " and \(grouped(more)) more" : "")
      let what = "no catalog in \(found.currency) for \(period) when it was needed: \(who)"
      guard found.isRunning else {
        return "\(what) got no invoice, and the close is closed; their usage goes on their next "
          + "invoice for a later month, without flat fees and minimums"
      }
      return found.version.map {
        "\(what) parked; closectl close start \(period) adds them with version \($0)"
      } ?? "\(what) parked; import one, then closectl close start \(period) adds them"
    }
  }
}
