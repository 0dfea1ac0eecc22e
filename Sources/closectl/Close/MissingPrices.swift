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

/// Accounts in countries for which their catalog has no tax, so their invoices have none. A rate of
/// 0 states that this is intended.
struct UntaxedCountries: Encodable, Equatable {
  struct Country: Encodable, Equatable {
    var country: String
    var currency: String
    var accounts: Int
    /// The first of them.
    var first: [String]
  }

  private static let named = 3
  private(set) var countries: [Country] = []

  func encode(to encoder: any Encoder) throws { try countries.encode(to: encoder) }

  mutating func add(_ account: Account, _ catalog: Catalog?) {
    guard let catalog, !catalog.hasTax(in: account.country) else { return }
    let code = account.currency.code
    let place = countries.firstIndex { $0.country == account.country && $0.currency == code }
    let index = place ?? countries.count
    if place == nil {
      countries.append(
        Country(country: account.country, currency: code, accounts: 0, first: []))
    }
    countries[index].accounts += 1
    if countries[index].first.count < Self.named { countries[index].first.append(account.id) }
  }

  /// Empty when every country has a tax.
  var lines: [String] {
    countries.sorted { ($0.currency, $0.country) < ($1.currency, $1.country) }.map { country in
      let names = country.first.map(printable).joined(separator: ", ")
      let rest = country.accounts - country.first.count
      let accounts = names + (rest > 0 ? " and \(grouped(rest)) more" : "")
      return "warning: the catalog in \(country.currency) has no tax for \(country.country), so no "
        + "tax is charged to \(accounts); if that is intended, add a rate of \"0\""
    }
  }
}
