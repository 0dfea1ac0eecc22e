import Billing
import Testing

@testable import closectl

/// What of an ended account's credit no invoice needs any more.
@Suite struct EndedCreditsTests {
  private func credit(
    balance: Int64, unused: Int64, total: Int64?, end: String = "2026-11-15"
  ) throws -> Int64? {
    let chf = try Currency("CHF")
    let day: CivilDate = try #require(CivilDate(end))
    let account = Account(
      id: "a", name: "A", email: "a@b.example", currency: chf, country: "CH",
      timeZone: "Europe/Zurich", collection: .manual, paymentMethod: nil, holdAfterDays: 7,
      end: day)
    let period = try Period("2026-11")
    let draft = total.map {
      InvoiceDraft(
        account: "a", period: period, currency: chf, catalogVersion: 1, lines: [], taxes: [],
        netMinor: $0, taxMinor: 0, totalMinor: $0, billed: [])
    }
    var credits = EndedCredits()
    credits.add(
      AccountFacts(account: account, position: 1, balanceMinor: balance, creditMinor: unused),
      draft, in: period)
    return credits.accounts.first?.credit
  }

  @Test func `An invoice below zero pays older ones first`() throws {
    #expect(try credit(balance: 5_000, unused: 0, total: -3_000) == nil)
    #expect(try credit(balance: 1_000, unused: 0, total: -3_000) == 2_000)
  }

  @Test func `What is open and the invoice at hand use credit`() throws {
    #expect(try credit(balance: 1_000, unused: 4_000, total: 1_000) == nil)
    #expect(try credit(balance: -4_000, unused: 4_000, total: 1_000) == 3_000)
    #expect(try credit(balance: -4_000, unused: 4_000, total: nil) == 4_000)
  }

  @Test func `An account that goes on keeps its credit`() throws {
    #expect(try credit(balance: -4_000, unused: 4_000, total: nil, end: "2026-12-02") == nil)
  }
}
