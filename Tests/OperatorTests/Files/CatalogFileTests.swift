import Testing

@testable import closectl

@Suite struct CatalogFileTests {
  private static let good = """
    version: 1
    currency: CHF
    products:
      - id: power
        name: Power
        metric: kwh
        price:
          model: graduated
          tiers:
            - { up_to: "150", unit: "0.2135" }
            - { up_to: null,  unit: "0.2871" }
    taxes:
      - { country: CH, name: MWST, rate: "0.081" }
    """

  private func fault(_ yaml: String) throws -> String {
    let scratch = try Scratch()
    let path = try scratch.write(yaml, to: "catalog.yaml")
    do {
      _ = try CatalogFile.read(path)
      return ""
    } catch {
      return "\(error)".replacing(path, with: "catalog.yaml")
    }
  }

  @Test func `A catalog is read`() throws {
    let scratch = try Scratch()
    let catalog = try CatalogFile.read(try scratch.write(Self.good, to: "catalog.yaml"))
    #expect(catalog.version == 1)
    #expect(catalog.products.map(\.id) == ["power"])
    #expect(catalog.taxes.first?.name == "MWST")
  }

  @Test func `An unknown price model is told with file line and place`() throws {
    let fault = try fault(Self.good.replacing("graduated", with: "guesswork"))
    #expect(
      fault.hasPrefix("catalog.yaml:8: products[0].price.model: unknown model 'guesswork'"))
  }

  @Test func `A number without quotes is told where it is`() throws {
    let fault = try fault(Self.good.replacing("unit: \"0.2135\"", with: "unit: 0.2135"))
    #expect(fault.hasPrefix("catalog.yaml:10: products[0].price.tiers[0].unit: "))
  }

  @Test func `A missing key is told at the nearest place there is`() throws {
    let fault = try fault(Self.good.replacing("    name: Power\n", with: ""))
    #expect(fault.hasPrefix("catalog.yaml:4: products[0].name: missing"))
  }

  @Test func `A typing mistake in a key is told`() throws {
    let fault = try fault(Self.good.replacing("metric:", with: "metrik:"))
    #expect(fault.hasPrefix("catalog.yaml:6: products[0].metrik: unknown key"))
  }

  @Test func `A file of another kind is no catalog`() throws {
    let what = "is not a catalog; a catalog has version, currency, products and taxes"
    #expect(try fault("account_id,name\nacme,Acme\n") == "catalog.yaml:1: \(what)")
    #expect(try fault("- { id: power }\n") == "catalog.yaml:1: \(what)")
  }

  @Test func `A tab is told with what to do`() throws {
    let fault = try fault(Self.good.replacing("    name: Power", with: "\tname: Power"))
    #expect(fault.hasPrefix("catalog.yaml:5: is not YAML: "))
    #expect(fault.hasSuffix("; indent with spaces"))
  }

  @Test(
    arguments: [
      ("taxes:\n  - { country: CH, name: MWST, rate: \"0.081\" }", true), ("taxes: []", true),
      ("taxes:", false), ("", false),
    ])
  func `Whoever says nothing of taxes may have forgotten them`(taxes: String, namesTaxes: Bool)
    throws
  {
    let scratch = try Scratch()
    let products = Self.good.split(separator: "taxes:")[0]
    let path = try scratch.write(products + taxes + "\n", to: "catalog.yaml")
    #expect(try CatalogFile.reading(path).namesTaxes == namesTaxes)
  }

  @Test func `What is not YAML is told with its line`() throws {
    #expect(try fault("version: 1\nproducts: [\n").hasPrefix("catalog.yaml:3: is not YAML: "))
    #expect(
      try fault("") == "catalog.yaml: is empty; a catalog has version, currency, products and taxes"
    )
    #expect(
      try fault(String(repeating: "# long\n", count: 200_000))
        == "catalog.yaml: is larger than 1048576 bytes; catalogs are small")
  }
}
