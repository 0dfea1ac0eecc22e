import Testing

@testable import Billing

/// What a correction is: a month costs the same whenever, and in however many parts, it is billed.
@Suite struct CorrectionTests {
  private static let october = known(try Period("2026-10"))
  private static let november = known(try Period("2026-11"))

  private static func known<Value>(_ value: @autoclosure () throws -> Value) -> Value {
    do { return try value() } catch { preconditionFailure("\(error)") }
  }

  private static func decimal(_ text: String) -> ExactDecimal {
    known(try ExactDecimal(parsing: text))
  }

  /// A price with a minimum, one whose first tier has a flat amount, and a flat fee.
  private static let catalog = Catalog(
    version: 1, currency: known(try Currency("CHF")),
    products: [
      Product(
        id: "api", name: "API calls", metric: "calls",
        price: Price(.perUnit(decimal("0.10")), minimum: decimal("5.00"))),
      Product(
        id: "store", name: "Storage", metric: "gb",
        price: Price(
          .graduated([
            Tier(upTo: decimal("10"), unit: .zero, flat: decimal("3.00")),
            Tier(upTo: nil, unit: decimal("0.10")),
          ]))),
      Product(id: "plan", name: "Plan", price: Price(.flat(amount: decimal("7.00")))),
    ])

  private static func usage(calls: Int?, gb: Int?) -> [UsageSum] {
    [("calls", calls), ("gb", gb)].compactMap { metric, quantity in
      quantity.map { UsageSum(metric: metric, quantity: ExactDecimal($0), events: 1) }
    }
  }

  private static func billed(_ product: String, _ quantity: Int, _ minor: Int64) -> BilledUsage {
    BilledUsage(
      period: october, product: product, quantity: ExactDecimal(quantity), amountMinor: minor)
  }

  private func draft(
    _ period: Period, _ usage: [UsageSum] = [], billed: [BilledUsage] = [], late: [LateUsage] = []
  ) throws -> InvoiceDraft {
    let account = Account(
      id: "a", name: "A", email: "a@example.com", currency: Self.catalog.currency, country: "CH",
      timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm", holdAfterDays: 7)
    return try Rating.draft(
      InvoicingFacts(
        facts: AccountFacts(account: account, position: 0, balanceMinor: 0, creditMinor: 0),
        usage: usage, billed: billed, late: late),
      period: period, catalog: Self.catalog)
  }

  @Test func `An invoiced month is corrected by what it costs now, minimum included`() throws {
    let late = LateUsage(
      period: Self.october, usage: Self.usage(calls: 80, gb: 12),
      billed: [Self.billed("api", 30, 500), Self.billed("store", 0, 300)])
    let draft = try draft(Self.november, late: [late])
    #expect(draft.lines.map(\.product) == ["api", "store", "plan", "api", "store"])
    // 8.00 less the minimum of 5.00; 3.00 and 2 x 0.10 less 3.00.
    #expect(draft.lines.suffix(2).map(\.amountMinor) == [300, 20])
    #expect(draft.lines.suffix(2).map(\.correctsPeriod) == [Self.october, Self.october])
  }

  @Test func `A month closed without the account is charged its usage alone`() throws {
    let late = LateUsage(
      period: Self.october, isInvoiced: false, usage: Self.usage(calls: 30, gb: 12))
    let draft = try draft(Self.november, late: [late])
    #expect(draft.lines.map(\.product) == ["api", "store", "plan", "api", "store"])
    #expect(draft.lines.map(\.correctsPeriod).suffix(2) == [Self.october, Self.october])
    // 30 calls, no minimum; the flat amount of the tier that the usage entered, and 2 x 0.10.
    #expect(draft.lines.suffix(2).map(\.amountMinor) == [300, 320])
    let more = LateUsage(
      period: Self.october, isInvoiced: false, usage: Self.usage(calls: 40, gb: 12),
      billed: draft.billed.filter { $0.period == Self.october })
    let next = try self.draft(Self.november.next, late: [more])
    #expect(next.lines.filter { $0.correctsPeriod != nil }.map(\.amountMinor) == [100])
  }

  @Test func `What was billed of a month ahead is taken off its own invoice`() throws {
    let ahead = [Self.billed("api", 30, 500), Self.billed("store", 5, 300)]
    let same = try draft(Self.october, Self.usage(calls: 30, gb: 5), billed: ahead)
    #expect(same.lines.map(\.product) == ["plan"], "nothing is billed twice")
    #expect(same.billed.map(\.amountMinor) == [500, 300])
    let more = try draft(Self.october, Self.usage(calls: 80, gb: 5), billed: ahead)
    #expect(more.lines.map(\.product) == ["api", "plan"])
    #expect(more.lines[0].amountMinor == 300)
    #expect(more.lines[0].quantity == ExactDecimal(50))
    #expect(more.lines[0].correctsPeriod == nil)
  }

  @Test func `A minimum that usage alone did not reach is due once the month is invoiced`() throws {
    let ahead = [Self.billed("api", 30, 300)]
    let own = try draft(Self.october, Self.usage(calls: 30, gb: nil), billed: ahead)
    #expect(own.lines.map(\.amountMinor) == [200, 300, 700])
    #expect(own.lines[0].text == "API calls, not billed before")
  }
}
