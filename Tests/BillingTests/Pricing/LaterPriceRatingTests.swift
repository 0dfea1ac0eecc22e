import Testing

@testable import Billing

/// What usage costs that only a later catalog prices: nothing where there is none, whatever a first
/// tier asks of everybody.
@Suite struct LaterPriceRatingTests {
  private let october: Period
  private let november: Period
  private let own: Catalog
  /// 50.00 on entering the first tier, and 2.00 an hour.
  private let later: Catalog

  init() throws {
    october = try Period("2026-10")
    november = try Period("2026-11")
    let chf = try Currency("CHF")
    own = Catalog(
      version: 1, currency: chf,
      products: [Product(id: "plan", name: "Plan", price: Price(.flat(amount: ExactDecimal(7))))])
    let tiers = [Tier(upTo: nil, unit: ExactDecimal(2), flat: ExactDecimal(50))]
    later = Catalog(
      version: 2, currency: chf,
      products: [Product(id: "gpu", name: "GPU", metric: "gpu", price: Price(.graduated(tiers)))])
  }

  private func lines(
    _ period: Period, usage: [UsageSum] = [], billed: [BilledUsage] = [], late: [LateUsage] = [],
    later: [Catalog] = []
  ) throws -> [String: Int64] {
    let account = Account(
      id: "a", name: "A", email: "a@example.com", currency: own.currency, country: "CH",
      timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm", holdAfterDays: 7)
    let facts = InvoicingFacts(
      facts: AccountFacts(account: account, position: 0, balanceMinor: 0, creditMinor: 0),
      usage: usage, billed: billed, late: late, later: later)
    let draft = try Rating.draft(facts, period: period, catalog: own)
    return Dictionary(uniqueKeysWithValues: draft.lines.map { ($0.product, $0.amountMinor) })
  }

  private func used(_ hours: Int) -> [UsageSum] {
    [UsageSum(metric: "gpu", quantity: ExactDecimal(hours), events: 1)]
  }

  private func billed(_ hours: Int, _ minor: Int64) -> [BilledUsage] {
    [
      BilledUsage(
        period: october, product: "gpu", quantity: ExactDecimal(hours), amountMinor: minor)
    ]
  }

  @Test(arguments: [nil, 0]) func `A month without such usage costs nothing`(_ hours: Int?) throws {
    let usage = hours.map(used) ?? []
    #expect(try lines(october, usage: usage, later: [later]) == ["plan": 700])
    let late = LateUsage(period: october, usage: usage, catalog: own, later: [later])
    #expect(try lines(november, late: [late]) == ["plan": 700])
  }

  @Test func `Such usage costs what its tiers say`() throws {
    #expect(try lines(october, usage: used(3), later: [later]) == ["plan": 700, "gpu": 5600])
    let late = LateUsage(period: october, usage: used(3), catalog: own, later: [later])
    #expect(try lines(november, late: [late]) == ["plan": 700, "gpu": 5600])
  }

  @Test func `What was taken back whole is given back whole`() throws {
    let late = LateUsage(
      period: october, usage: used(0), billed: billed(3, 5600), catalog: own, later: [later])
    #expect(try lines(november, late: [late]) == ["plan": 700, "gpu": -5600])
    #expect(
      try lines(october, usage: used(0), billed: billed(3, 5600), later: [later])
        == ["plan": 700, "gpu": -5600])
  }

  /// The same where a month was closed without an invoice for the account.
  @Test func `Usage alone of nothing costs nothing`() throws {
    let late = LateUsage(period: october, isInvoiced: false, usage: used(0), catalog: later)
    #expect(try lines(november, late: [late]) == ["plan": 700])
  }
}
