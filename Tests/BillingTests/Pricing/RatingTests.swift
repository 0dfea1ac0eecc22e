import Testing

@testable import Billing

@Suite struct RatingTests {
  private static func decimal(_ text: String) throws -> ExactDecimal {
    try ExactDecimal(parsing: text)
  }

  private func decimal(_ text: String) throws -> ExactDecimal { try Self.decimal(text) }

  /// The shape of a household electricity tariff.
  private func tariff(version: Int = 1, firstTier: String = "0.2135") throws -> Catalog {
    let tiers = [
      Tier(upTo: try decimal("150"), unit: try decimal(firstTier)),
      Tier(upTo: try decimal("600"), unit: try decimal("0.2489")),
      Tier(upTo: nil, unit: try decimal("0.2871")),
    ]
    return Catalog(
      version: version, currency: try Currency("CHF"),
      products: [
        Product(
          id: "electricity", name: "Electricity", metric: "kwh", unit: "kWh",
          price: Price(.graduated(tiers))),
        Product(
          id: "grid", name: "Grid connection", price: Price(.flat(amount: try decimal("12.90")))),
      ],
      taxes: [Tax(country: "CH", name: "MWST", rate: try decimal("0.081"))])
  }

  private func facts(
    _ usage: [(String, String, Int)], country: String = "CH", currency: String = "CHF",
    events: [String: [ExactDecimal]] = [:], late: [LateUsage] = []
  ) throws -> InvoicingFacts {
    let account = Account(
      id: "meter-1", name: "A", email: "a@example.com", currency: try Currency(currency),
      country: country, timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm",
      holdAfterDays: 10)
    return InvoicingFacts(
      facts: AccountFacts(account: account, position: 0, balanceMinor: 0, creditMinor: 0),
      usage: try usage.map { UsageSum(metric: $0.0, quantity: try decimal($0.1), events: $0.2) },
      events: events, late: late)
  }

  private func draft(_ facts: InvoicingFacts, _ catalog: Catalog) throws -> InvoiceDraft {
    try Rating.draft(facts, period: Period("2026-11"), catalog: catalog)
  }

  /// 150 at 0.2135 is 32.025, 450 at 0.2489 is 112.005, 12.345 at 0.2871 is 3.5442495: 147.5742495.
  @Test(arguments: [
    // kWh, electricity, net, tax, total
    ("612.345", 14_757, 16_047, 1300, 17_347),
    ("150", 3203, 4493, 364, 4857),
    ("0", 0, 1290, 104, 1394),
    ("-100", -2135, -845, -68, -913),
  ])
  func `A tariff by hand`(
    quantity: String, electricity: Int64, net: Int64, tax: Int64, total: Int64
  ) throws {
    let draft = try draft(facts([("kwh", quantity, 1)]), tariff())
    #expect(draft.lines.map(\.product) == ["electricity", "grid"])
    #expect(draft.lines.map(\.amountMinor) == [electricity, 1290])
    #expect(draft.lines.map(\.quantity) == [try decimal(quantity), nil])
    #expect(draft.lines.map(\.unit) == ["kWh", nil])
    #expect(draft.netMinor == net)
    #expect(
      draft.taxes == [TaxTotal(name: "MWST", rate: "0.081", taxableMinor: net, amountMinor: tax)])
    #expect(draft.taxMinor == tax)
    #expect(draft.totalMinor == total)
    #expect(draft.id == "2026-11/meter-1")
    #expect(draft.catalogVersion == 1)
    let billed = BilledUsage(
      period: try Period("2026-11"), product: "electricity", quantity: try decimal(quantity),
      amountMinor: electricity)
    #expect(draft.billed == [billed])
  }

  @Test func `Without usage only flat fees and minimums are lines`() throws {
    var catalog = try tariff()
    #expect(try draft(facts([]), catalog).lines.map(\.product) == ["grid"])
    #expect(try draft(facts([]), catalog).billed == [])
    #expect(try draft(facts([("other", "5", 1)]), catalog).lines.map(\.product) == ["grid"])
    catalog.products[0].price.minimum = try decimal("5")
    let draft = try draft(facts([]), catalog)
    #expect(draft.lines.map(\.amountMinor) == [500, 1290])
    #expect(draft.billed.map(\.amountMinor) == [500])
  }

  @Test func `A country without tax pays none`() throws {
    let draft = try draft(facts([("kwh", "150", 1)], country: "NO"), tariff())
    #expect(draft.taxes == [])
    #expect(draft.lines.allSatisfy { $0.taxName == nil && $0.taxRate == nil })
    #expect(draft.totalMinor == draft.netMinor)
  }

  @Test func `Tax is taken per rate on the sum of its lines and rounded once`() throws {
    var catalog = try tariff()
    catalog.taxes.append(Tax(country: "CH", name: "reduced", rate: try decimal("0.026")))
    catalog.taxes.append(Tax(country: "DE", name: "USt", rate: try decimal("0.19")))
    let fee = Price(.flat(amount: try decimal("0.06")))
    catalog.products = [
      Product(id: "a", name: "A", price: fee), Product(id: "b", name: "B", price: fee),
      Product(id: "c", name: "C", price: fee, tax: "reduced"),
    ]
    // 0.081 x 12 is 0.972; line by line it would be 0.486 twice, rounded to nothing.
    let swiss = try draft(facts([]), catalog)
    #expect(swiss.taxes.map(\.taxableMinor) == [12, 6])
    #expect(swiss.taxes.map(\.amountMinor) == [1, 0])
    #expect(swiss.totalMinor == 19)
    // A country without the named tax uses its first.
    let german = try draft(facts([], country: "DE"), catalog)
    #expect(german.taxes.map(\.name) == ["USt"])
    #expect(german.taxes.map(\.taxableMinor) == [18])
  }

  @Test func `A line shows the unit it is priced in, and keeps the usage as it came`() throws {
    var catalog = try tariff()
    catalog.products[0].price = Price(
      .perUnit(try decimal("10")),
      convert: Conversion(divideBy: try decimal("1000"), round: .ceiling))
    let draft = try draft(facts([("kwh", "1400", 2)]), catalog)
    #expect(draft.lines[0].quantity == ExactDecimal(2))
    #expect(draft.lines[0].amountMinor == 2000)
    #expect(draft.billed[0].quantity == ExactDecimal(1400))
  }

  @Test func `Late usage is billed as the difference, at the prices and tax of its period`() throws
  {
    let october = try Period("2026-10")
    var old = try tariff(version: 1, firstTier: "0.2000")
    old.taxes[0].rate = try decimal("0.077")
    let late = LateUsage(
      period: october, usage: [UsageSum(metric: "kwh", quantity: try decimal("160"), events: 3)],
      billed: [
        BilledUsage(
          period: october, product: "electricity", quantity: try decimal("140"), amountMinor: 2800)
      ],
      catalog: old)
    let draft = try draft(facts([("kwh", "10", 1)], late: [late]), tariff(version: 2))
    #expect(draft.catalogVersion == 2)
    #expect(draft.lines.map(\.product) == ["electricity", "grid", "electricity"])
    let line = draft.lines[2]
    // 150 x 0.20 + 10 x 0.2489 = 32.489 less 28.00; no flat fee again.
    #expect(line.amountMinor == 449)
    #expect(line.quantity == ExactDecimal(20))
    #expect(line.correctsPeriod == october)
    #expect(line.text == "Electricity, correction for 2026-10")
    #expect(line.taxRate == "0.077")
    #expect(draft.taxes.map(\.rate) == ["0.081", "0.077"])
    #expect(
      draft.billed.last
        == BilledUsage(
          period: october, product: "electricity", quantity: try decimal("160"), amountMinor: 3249))
  }

  @Test func `A late correction in the customer's favour is a credit`() throws {
    let october = try Period("2026-10")
    let late = LateUsage(
      period: october, usage: [UsageSum(metric: "kwh", quantity: try decimal("-5"), events: 2)],
      billed: [
        BilledUsage(
          period: october, product: "electricity", quantity: try decimal("140"), amountMinor: 2989)
      ])
    let draft = try draft(facts([], late: [late]), tariff())
    #expect(draft.lines.map(\.amountMinor) == [1290, -3096])
    #expect(draft.netMinor == -1806)
    #expect(draft.taxMinor == -146)
    #expect(draft.totalMinor == -1952)
  }

  @Test func `Late usage that changes nothing is remembered without a line`() throws {
    let october = try Period("2026-10")
    var catalog = try tariff()
    catalog.products[0].price.minimum = try decimal("100")
    let late = LateUsage(
      period: october, usage: [UsageSum(metric: "kwh", quantity: try decimal("20"), events: 2)],
      billed: [
        BilledUsage(
          period: october, product: "electricity", quantity: try decimal("10"), amountMinor: 10_000)
      ])
    let draft = try draft(facts([], late: [late]), catalog)
    #expect(draft.lines.map(\.correctsPeriod) == [nil, nil])
    #expect(draft.billed.last?.quantity == ExactDecimal(20))
    #expect(draft.billed.last?.amountMinor == 10_000)
  }

  @Test func `The same facts give the same draft`() throws {
    let facts = try facts([("kwh", "612.345", 2880)])
    #expect(try draft(facts, tariff()) == draft(facts, tariff()))
  }

  @Test func `A yen invoice has no decimals`() throws {
    var catalog = try tariff()
    catalog.currency = try Currency("JPY")
    let draft = try draft(facts([("kwh", "612.345", 1)], currency: "JPY"), catalog)
    #expect(draft.lines.map(\.amountMinor) == [148, 13])
    #expect(draft.totalMinor == 174)
  }

  @Test func `What cannot be rated says why`() throws {
    let catalog = try tariff()
    let period = try Period("2026-11")
    #expect(
      throws: RatingError.currency(account: try Currency("EUR"), catalog: try Currency("CHF"))
    ) { try draft(facts([], currency: "EUR"), catalog) }
    let huge = try facts([("kwh", "99999999999999999999999999999999999", 1)])
    let error = #expect(throws: RatingError.self) { try draft(huge, catalog) }
    #expect(
      error?.description
        == "product electricity, period 2026-11: the amount is too large to store exactly")
    var dear = catalog
    dear.products[1].price = Price(.flat(amount: try decimal("92233720368547758.07")))
    let chf = try Currency("CHF")
    #expect(
      throws: RatingError.arithmetic(
        product: dear.products[1].id, period: period, .aboveLimit(chf))
    ) { try draft(facts([("kwh", "1", 1)]), dear) }
    dear.products[1].price = Price(.flat(amount: try decimal("9999999999999.99")))
    #expect(throws: RatingError.totalOverflow) { try draft(facts([("kwh", "1", 1)]), dear) }
    var events = catalog
    events.products[0].price = Price(
      .percentage(Percentage(rate: try decimal("0.01"), fixedPerEvent: .one)))
    #expect(events.eventMetrics == ["kwh"])
    #expect(catalog.eventMetrics == [])
    #expect(
      throws: RatingError.eventsMissing(
        product: "electricity", period: period, expected: 2, found: 1)
    ) { try draft(facts([("kwh", "9", 2)], events: ["kwh": [ExactDecimal(9)]]), events) }
    let single = try facts([("kwh", "9", 2)], events: ["kwh": [ExactDecimal(4), ExactDecimal(5)]])
    #expect(try draft(single, events).lines[0].amountMinor == 209)
  }
}
