import Billing
import Foundation
import Testing

@Suite struct CatalogMonthTests {
  private func catalog(_ validFrom: String) throws -> Catalog {
    let json = """
      {"currency":"CHF","products":[{"id":"p","name":"P","price":{"amount":"1","model":"flat"}}],\
      "taxes":[],\(validFrom)"version":1}
      """
    return try JSONDecoder().decode(Catalog.self, from: Data(json.utf8))
  }

  @Test(arguments: ["2026-12", "2026-12-01"])
  func `The first month is read as a month or as its first day`(_ text: String) throws {
    let read = try catalog("\"valid_from\":\"\(text)\",")
    #expect(read.validFrom == (try Period("2026-12")))
    #expect(try JSONDecoder().decode(Catalog.self, from: JSONEncoder().encode(read)) == read)
  }

  @Test(arguments: ["2026-12-15", "2026-13", "2026-12-01T00:00:00Z", "December", "2026-1-01"])
  func `Other dates are refused`(_ text: String) throws {
    #expect(
      throws: CatalogError(
        "valid_from",
        "expected the first month that the catalog prices, such as 2026-12, or that month's first "
          + "day, found '\(text)'")
    ) { try catalog("\"valid_from\":\"\(text)\",") }
  }

  /// What is stored of a catalog without the key stays the same text.
  @Test func `A catalog without the key is written without it`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(try catalog("")), as: UTF8.self)
    #expect(!text.contains("valid_from"))
    #expect(text.hasPrefix("{\"currency\":\"CHF\",\"products\":["))
  }
}
