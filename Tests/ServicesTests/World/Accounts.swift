import Billing
import Foundation
import Ledger

@testable import Mail

extension Account {
  /// `card`: what follows `pm_card_visa` in Stripe's test methods; `nil`: pays by itself.
  // swift-format-ignore: NeverUseForceTry
  static func test(
    _ id: String, card: String? = "", currency: String = "CHF", graceDays: Int = 14
  ) -> Account {
    Account(
      id: id, name: "Name of \(id)", email: "\(id)@customers.example",
      currency: try! Currency(currency),  // Constants of the tests.
      country: "CH", timeZone: "Europe/Zurich", collection: card == nil ? .manual : .auto,
      paymentMethod: card.map { "pm_card_visa\($0)" }, holdAfterDays: graceDays)
  }

  static let soft = "_chargeDeclinedInsufficientFunds"
  static let hard = "_chargeDeclinedLostCard"
}

extension UsageRow {
  // swift-format-ignore: NeverUseForceTry
  static func test(
    _ account: String, _ quantity: String, id: String = "u-1", month: String = "2026-11"
  ) -> UsageRow {
    UsageRow(
      eventID: id, account: account, metric: "hours",
      quantity: try! ExactDecimal(parsing: quantity),  // A constant of the test.
      start: try! Instant(rfc3339: "\(month)-03T10:00:00+01:00"),
      end: try! Instant(rfc3339: "\(month)-03T11:00:00+01:00"), line: 2)
  }
}

extension World {
  static let catalog = """
    {"version":1,"currency":"CHF","products":[
      {"id":"server","name":"Server","metric":"hours","unit":"h",
       "price":{"model":"per_unit","unit":"0.10"}},
      {"id":"support","name":"Support","price":{"model":"flat","amount":"10.00"}}],
     "taxes":[{"country":"CH","name":"MWST","rate":"0.081"}]}
    """

  func load(_ accounts: [Account], _ usage: [UsageRow]) async throws {
    let catalog = try JSONDecoder().decode(Catalog.self, from: Data(Self.catalog.utf8))
    _ = try await store.importCatalog(catalog, at: clock.now())
    let numbered = accounts.enumerated().map { (account: $0.element, line: $0.offset + 2) }
    _ = try await store.importAccounts(numbered, at: clock.now())
    try await add(usage)
  }

  func add(_ usage: [UsageRow]) async throws {
    let pages = Pages([usage])
    _ = try await store.importUsage(skipBad: false, at: clock.now()) { pages.next() }
  }

  func ends() async throws -> [AccountEnd: Int] {
    try await store.progress(Self.period)?.ends ?? [:]
  }

  func facts(_ account: String) async throws -> AccountFacts? {
    try await store.facts(
      for: [FactKey(account: account, invoice: "\(Self.period)/\(account)")])[0]
  }

  func rules(_ account: String, _ service: ServiceName) async throws -> [String] {
    let story = try await store.story(of: account, period: nil)
    return story?.steps.filter { $0.service == service }.map(\.decision.rule) ?? []
  }

  func mails(to account: String) -> [OutgoingMail] {
    post.sent.filter { $0.to == "\(account)@customers.example" }
  }
}
