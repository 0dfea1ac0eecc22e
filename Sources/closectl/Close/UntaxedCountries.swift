import Billing

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
