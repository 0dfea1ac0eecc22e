import Foundation
import Testing

@testable import Billing

@Suite struct CatalogTests {
  /// Every model and every key.
  static let full = """
    {"version": 3, "currency": "CHF",
     "products": [
      {"id": "fee", "name": "Fee", "price":
        {"model": "flat", "amount": "12.90", "discount_percent": "10"}},
      {"id": "unit", "name": "Unit", "metric": "m", "unit": "GB", "tax": "reduced", "price":
        {"model": "per_unit", "unit": "0.2135", "free_units": "10", "minimum": "1", "maximum": "9",
         "convert": {"divide_by": "1000000", "round": "half_up"}}},
      {"id": "grad", "name": "Graduated", "metric": "m", "price":
        {"model": "graduated", "tiers": [
          {"up_to": "150", "unit": "0.2135", "flat": "2"},
          {"up_to": "600", "unit": "0.1", "package_size": "100"},
          {"up_to": null, "unit": "0"}]}},
      {"id": "vol", "name": "Volume", "metric": "m", "price":
        {"model": "volume", "tiers": [{"unit": "5"}]}},
      {"id": "pack", "name": "Package", "metric": "m", "price":
        {"model": "package", "size": "10", "price": "15"}},
      {"id": "share", "name": "Share", "metric": "paid", "price":
        {"model": "percentage", "rate": "0.029", "fixed_per_event": "0.3", "free_events": 3,
         "free_total": "250", "min_per_event": "0.5", "max_per_event": "12"}}
     ],
     "taxes": [{"country": "CH", "name": "MWST", "rate": "0.081"},
               {"country": "CH", "name": "reduced", "rate": "0.026"}]}
    """

  private func decode(_ json: String) throws -> Catalog {
    try JSONDecoder().decode(Catalog.self, from: Data(json.utf8))
  }

  @Test func `A catalog is written and read back without loss`() throws {
    let catalog = try decode(Self.full).validated()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let written = try encoder.encode(catalog)
    let again = try JSONDecoder().decode(Catalog.self, from: written)
    #expect(again == catalog)
    #expect(try encoder.encode(again) == written)
    #expect(catalog.eventMetrics == ["paid"])
    #expect(catalog.products[2].price.model.name == "graduated")
    #expect(catalog.products[0].price.isFlat)
  }

  @Test(arguments: BadCatalog.cases)
  func `A bad catalog is refused with the place and the reason`(bad: BadCatalog) throws {
    try #require(Self.full.contains(bad.find))
    let json = Self.full.replacing(bad.find, with: bad.with, maxReplacements: 1)
    var found: String?
    do {
      try decode(json).validated()
    } catch {
      found = CatalogError(error).description
    }
    #expect(found == bad.error)
  }

  @Test func `A tax may be there once per country and name`() throws {
    var catalog = try decode(Self.full)
    catalog.taxes.append(catalog.taxes[0])
    #expect(throws: CatalogError("taxes[2].name", "duplicate tax 'MWST' of CH")) {
      try catalog.validated()
    }
  }

  @Test func `An error that a decoder wrapped is found again`() {
    let inner = CatalogError("products[0].id", "missing")
    let wrapped = DecodingError.dataCorrupted(
      .init(codingPath: [], debugDescription: "not valid", underlyingError: inner))
    #expect(CatalogError(wrapped) == inner)
  }
}
