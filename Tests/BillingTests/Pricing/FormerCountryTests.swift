import Billing
import Testing

/// Catalogs that were stored before `UK` and `EL` were refused price the months closed with them.
@Suite struct FormerCountryTests {
  private func tax(_ countries: [String], in country: String) throws -> String? {
    let product = Product(id: "p", name: "P", price: Price(.flat(amount: .one)))
    let catalog = Catalog(
      version: 1, currency: try Currency("CHF"), products: [product],
      taxes: countries.map { Tax(country: $0, name: "of \($0)", rate: .one) })
    #expect(catalog.hasTax(in: country) == (catalog.tax(on: product, country: country) != nil))
    return catalog.tax(on: product, country: country)?.name
  }

  @Test func `The former code counts where there is no other`() throws {
    #expect(try tax(["CH", "UK", "EL"], in: "GB") == "of UK")
    #expect(try tax(["CH", "UK", "EL"], in: "GR") == "of EL")
    #expect(try tax(["UK", "GB"], in: "GB") == "of GB")
    #expect(try tax(["UK", "EL"], in: "CH") == nil)
  }
}
