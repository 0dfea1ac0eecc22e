import Billing
import Ledger
import Testing

@testable import Services

/// docs/services.md: what each service hears and publishes.
@Suite struct ServicesPageTests {
  private let rows: [[String]]

  init() throws {
    rows = try DocumentedPage("docs/services.md").section("Services").tables("service").joined()
      .map { $0 }
  }

  @Test func `Every service is on the page`() {
    let names = rows.flatMap { DocumentedPage.words($0[0]) }
    #expect(names == MonthClose.services.map(\.rawValue) + [ServiceName.closectl.rawValue])
  }

  @Test func `Each hears what its queue is bound to`() throws {
    for (service, keys) in MonthClose.bindings {
      let row = try #require(rows.first { DocumentedPage.words($0[0]) == [service.rawValue] })
      let heard = DocumentedPage.words(row[2]) + [MonthClose.replayKey(of: service)]
      #expect(heard.sorted() == keys.sorted(), "\(service)")
    }
  }

  @Test func `Each publishes what its user may`() throws {
    for service in MonthClose.services + [.closectl] {
      let row = try #require(rows.first { DocumentedPage.words($0[0]) == [service.rawValue] })
      let published = MonthClose.published(by: service)
      #expect(DocumentedPage.words(row[3]).sorted() == published.sorted(), "\(service)")
    }
  }
}
