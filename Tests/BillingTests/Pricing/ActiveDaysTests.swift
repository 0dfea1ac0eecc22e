import Testing

@testable import Billing

/// What an account pays for a month in which it is a customer on some days, or on none.
@Suite struct ActiveDaysTests {
  private func account(
    _ start: String?, _ end: String?, currency: String = "CHF"
  ) throws -> Account {
    Account(
      id: "a", name: "A", email: "a@example.com", currency: try Currency(currency), country: "CH",
      timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm", holdAfterDays: 10,
      start: try start.map { try #require(CivilDate($0)) },
      end: try end.map { try #require(CivilDate($0)) })
  }

  /// `start` is a day of the account, `end` is none any more.
  @Test(arguments: [
    (nil, nil, "2026-11", "30 of 30 days"),
    ("2026-11-01", "2026-12-01", "2026-11", "30 of 30 days"),
    ("2026-11-21", nil, "2026-11", "10 of 30 days"),
    ("2026-11-30", nil, "2026-11", "1 of 30 days"),
    ("2026-12-01", nil, "2026-11", "0 of 30 days"),
    (nil, "2026-11-15", "2026-11", "14 of 30 days"),
    (nil, "2026-11-02", "2026-11", "1 of 30 days"),
    (nil, "2026-11-01", "2026-11", "0 of 30 days"),
    ("2026-11-05", "2026-11-15", "2026-11", "10 of 30 days"),
    ("2026-11-05", "2026-11-06", "2026-11", "1 of 30 days"),
    ("2025-11-05", "2025-11-06", "2026-11", "0 of 30 days"),
    ("2026-02-15", nil, "2026-02", "14 of 28 days"),
    ("2028-02-15", nil, "2028-02", "15 of 29 days"),
    ("2026-03-01", "2026-03-30", "2026-03", "29 of 31 days"),
  ])
  func `Days are counted by the calendar`(
    start: String?, end: String?, month: String, days: String
  ) throws {
    #expect(try account(start, end).activeDays(in: Period(month)).description == days)
  }

  /// 4.90 / 3 is 1.6333. Half of 0.049 is 0.0245, which is 0.02; rounded twice it would be 0.03.
  @Test(arguments: [
    ("CHF", "4.90", "2026-11-21", "2026-11", 163),
    ("CHF", "4.90", "2026-11-01", "2026-11", 490),
    ("CHF", "0.049", "2026-11-16", "2026-11", 2),
    ("CHF", "0.05", "2026-11-16", "2026-11", 3),
    ("CHF", "4.90", "2026-02-15", "2026-02", 245),
    ("CHF", "0.01", "2026-11-30", "2026-11", 0),
    ("JPY", "1000", "2026-11-17", "2026-11", 467),
    ("JPY", "490", "2026-11-21", "2026-11", 163),
    ("KWD", "4.900", "2026-11-21", "2026-11", 1633),
    ("CHF", "99999999999.99", "2026-11-16", "2026-11", 5_000_000_000_000),
  ])
  func `A flat fee is charged by its days and rounded once`(
    currency: String, amount: String, start: String, month: String, minor: Int64
  ) throws {
    let draft = try draft(
      .init(.flat(amount: ExactDecimal(parsing: amount))), account(start, nil, currency: currency),
      month)
    #expect(draft.lines.map(\.amountMinor) == [minor])
    #expect(draft.netMinor == minor)
  }

  private func draft(
    _ price: Price, _ account: Account, _ month: String = "2026-11", usage: [UsageSum] = [],
    late: [LateUsage] = []
  ) throws -> InvoiceDraft {
    let product = Product(
      id: "p", name: "Support plan, per month", metric: price.isFlat ? nil : "calls", price: price)
    let catalog = Catalog(version: 1, currency: account.currency, products: [product])
    return try Rating.draft(
      InvoicingFacts(
        facts: AccountFacts(account: account, position: 0, balanceMinor: 0, creditMinor: 0),
        usage: usage, late: late), period: Period(month), catalog: catalog)
  }

  private func flat(
    _ amount: String, discount: String? = nil, minimum: String? = nil, maximum: String? = nil
  ) throws -> Price {
    Price(
      .flat(amount: try ExactDecimal(parsing: amount)),
      discountPercent: try discount.map { try ExactDecimal(parsing: $0) },
      minimum: try minimum.map { try ExactDecimal(parsing: $0) },
      maximum: try maximum.map { try ExactDecimal(parsing: $0) })
  }

  @Test func `The line says the days, and a full month looks as ever`() throws {
    let begun = try draft(flat("4.90"), account("2026-11-21", nil))
    #expect(begun.lines.map(\.text) == ["Support plan, per month (10 of 30 days)"])
    #expect(begun.lines.map(\.quantity) == [nil])
    #expect(begun.days == ActiveDays(active: 10, of: try Period("2026-11")))
    let whole = try draft(flat("4.90"), account("2026-11-01", "2026-12-01"))
    #expect(whole == (try draft(flat("4.90"), account(nil, nil))))
    #expect(whole.lines.map(\.text) == ["Support plan, per month"])
    #expect(whole.days.isAll)
  }

  @Test func `A discount is taken by the days, minimum and maximum are whole`() throws {
    let days = try account("2026-11-21", nil)
    #expect(try draft(flat("4.90", discount: "50"), days).netMinor == 82)
    #expect(try draft(flat("4.90", minimum: "3.00"), days).netMinor == 300)
    #expect(try draft(flat("4.90", maximum: "1.00"), days).netMinor == 100)
  }

  private func calls(_ count: Int) -> [UsageSum] {
    [UsageSum(metric: "calls", quantity: ExactDecimal(count), events: 1)]
  }

  private func perCall() throws -> Price {
    Price(.perUnit(try ExactDecimal(parsing: "0.10")), minimum: ExactDecimal(5))
  }

  @Test func `Usage, minimums and tiers of a part of a month are whole`() throws {
    let days = try account("2026-11-21", nil)
    #expect(try draft(perCall(), days).netMinor == 500)
    #expect(try draft(perCall(), days, usage: calls(120)).netMinor == 1200)
    let tiers = Price(.graduated([Tier(upTo: nil, unit: .zero, flat: ExactDecimal(3))]))
    #expect(try draft(tiers, days).netMinor == 300)
  }

  @Test func `Without a day there is usage alone, and no flat fee or minimum`() throws {
    let gone = try account(nil, "2026-11-01")
    #expect(try draft(flat("4.90", minimum: "3.00"), gone).lines.isEmpty)
    #expect(try draft(perCall(), gone).lines.isEmpty)
    #expect(try draft(perCall(), gone, usage: calls(7)).lines.map(\.amountMinor) == [70])
    #expect(try draft(perCall(), gone, usage: calls(7)).days.isNone)
    #expect(try draft(perCall(), account("2026-12-01", nil)).lines.isEmpty)
  }

  /// What October was invoiced with counts, whatever the account's dates are by now.
  @Test(arguments: [(false, 500 - 70), (true, 10)])
  func `A correction keeps to what the month was invoiced with`(
    isUsageAlone: Bool, difference: Int64
  ) throws {
    let october = try Period("2026-10")
    let late = LateUsage(
      period: october, isUsageAlone: isUsageAlone, usage: calls(8),
      billed: [
        BilledUsage(period: october, product: "p", quantity: ExactDecimal(7), amountMinor: 70)
      ])
    for account in try [account(nil, nil), account(nil, "2026-10-01")] {
      let lines = try draft(perCall(), account, late: [late]).lines
      #expect(lines.last?.amountMinor == difference)
      #expect(lines.last?.correctsPeriod == october)
    }
  }
}
