import Testing

@testable import Billing

/// Each price model by hand. The amount is at the end of the line.
@Suite struct PriceTests {
  private func decimal(_ text: String) throws -> ExactDecimal { try ExactDecimal(parsing: text) }

  private func amount(
    _ price: Price, _ quantity: String, events: [String] = []
  ) throws -> String {
    try price.amount(quantity: decimal(quantity), events: events.map(decimal)).description
  }

  @Test func `A flat price is the same whatever the usage`() throws {
    let price = Price(.flat(amount: try decimal("12.90")))
    #expect(try amount(price, "0") == "12.9")
    #expect(try amount(price, "1000") == "12.9")
  }

  @Test(arguments: [
    ("0", "0"), ("0.001", "0.0002135"), ("10", "2.135"), ("-10", "-2.135"),
    ("123456789.123456789", "26358024.4778580244515"),
  ])
  func `Per unit`(quantity: String, expected: String) throws {
    #expect(try amount(Price(.perUnit(decimal("0.2135"))), quantity) == expected)
  }

  @Test(arguments: [
    ("0", "2"), ("1", "12"), ("10", "102"), ("10.001", "105.005"), ("20", "155"), ("21", "163"),
    ("-1", "-8"),
  ])
  func `Graduated: each unit at its tier's price, flat amounts once entered`(
    quantity: String, expected: String
  ) throws {
    let tiers = [
      Tier(upTo: try decimal("10"), unit: try decimal("10"), flat: try decimal("2")),
      Tier(upTo: try decimal("20"), unit: try decimal("5"), flat: try decimal("3")),
      Tier(upTo: nil, unit: try decimal("5"), flat: try decimal("3")),
    ]
    #expect(try amount(Price(.graduated(tiers)), quantity) == expected)
  }

  @Test(arguments: [("0", "0"), ("401", "5"), ("1000", "10"), ("1001", "11"), ("5325", "15")])
  func `Graduated in packages: each one begun counts in its tier`(
    quantity: String, expected: String
  ) throws {
    let tiers = [
      Tier(upTo: try decimal("1000"), unit: .one, packageSize: try decimal("100")),
      Tier(upTo: nil, unit: .one, packageSize: try decimal("1000")),
    ]
    #expect(try amount(Price(.graduated(tiers)), quantity) == expected)
  }

  @Test(arguments: [
    ("0", "10"), ("100", "210"), ("100.5", "100.5"), ("200", "200"), ("300", "200"), ("-2", "6"),
  ])
  func `Volume: all units at the price of one tier`(quantity: String, expected: String) throws {
    let tiers = [
      Tier(upTo: try decimal("100"), unit: try decimal("2"), flat: try decimal("10")),
      Tier(upTo: try decimal("200"), unit: .one),
      Tier(upTo: nil, unit: try decimal("0.5"), flat: try decimal("50")),
    ]
    #expect(try amount(Price(.volume(tiers)), quantity) == expected)
  }

  @Test(arguments: [
    ("0", "0"), ("0.1", "15"), ("10", "15"), ("11", "30"), ("-5", "0"), ("-10", "-15"),
  ])
  func `Packages begun`(quantity: String, expected: String) throws {
    let price = Price(.package(size: try decimal("10"), price: try decimal("15")))
    #expect(try amount(price, quantity) == expected)
  }

  @Test func `Percentage of the sum needs no events`() throws {
    let plain = Percentage(rate: try decimal("0.029"))
    #expect(!Price(.percentage(plain)).needsEvents)
    #expect(try amount(Price(.percentage(plain)), "1000") == "29")
    #expect(try amount(Price(.percentage(plain), freeUnits: decimal("900")), "1000") == "2.9")
    let free = Percentage(rate: try decimal("0.029"), freeTotal: try decimal("900"))
    #expect(!Price(.percentage(free)).needsEvents)
    #expect(try amount(Price(.percentage(free)), "1000") == "2.9")
    #expect(try amount(Price(.percentage(free)), "800") == "0")
    #expect(try amount(Price(.percentage(free)), "-100") == "-2.9")
  }

  @Test func `Percentage of events with free ones, a fixed part and bounds`() throws {
    let rate = try decimal("0.0299")
    let two = try decimal("2")
    let events = ["10", "80", "10000"]
    let fixed = Price(.percentage(Percentage(rate: rate, fixedPerEvent: two)))
    #expect(fixed.needsEvents)
    #expect(try amount(fixed, "10090", events: events) == "307.691")
    let bounded = Price(
      .percentage(
        Percentage(
          rate: rate, fixedPerEvent: two, minPerEvent: try decimal("2.3"),
          maxPerEvent: try decimal("12"))))
    #expect(try amount(bounded, "10090", events: events) == "18.692")
    let free = Price(
      .percentage(Percentage(rate: rate, freeEvents: 2, freeTotal: try decimal("50"))))
    // 10 is free, 80 crosses 50 and is charged on 40, 10000 is the third.
    #expect(try amount(free, "10090", events: events) == "300.196")
  }

  @Test func `A negative event gives its share back and no fixed amount`() throws {
    let price = Price(
      .percentage(
        Percentage(
          rate: try decimal("0.01"), fixedPerEvent: .one, freeTotal: try decimal("100"),
          maxPerEvent: try decimal("5"))))
    // +150: 50 above the free total, 0.50 and 1; -100: the 50 above come back.
    #expect(try amount(price, "50", events: ["150", "-100"]) == "1")
    #expect(try amount(price, "200", events: ["1000", "-800"]) == "0")
  }

  @Test func `Conversion, free units, discount, minimum and maximum follow in this order`() throws {
    let gigabytes = Conversion(divideBy: try decimal("1000"), round: .ceiling)
    let unit = try decimal("10")
    let half = try decimal("0.5")
    let converted = Price(.perUnit(unit), convert: gigabytes, freeUnits: half)
    #expect(try amount(converted, "1400") == "15")
    #expect(try amount(converted, "-1400") == "-10")
    let full = Price(
      .perUnit(unit), freeUnits: try decimal("2"), discountPercent: try decimal("12.5"),
      minimum: try decimal("5"), maximum: try decimal("50"))
    #expect(try amount(full, "0") == "5")
    #expect(try amount(full, "2") == "5")
    #expect(try amount(full, "4") == "17.5")
    #expect(try amount(full, "100") == "50")
    #expect(try amount(full, "-1") == "5")
  }

  @Test func `A later line of the same period is the rest`() throws {
    let price = Price(.perUnit(try decimal("10")), maximum: try decimal("100"))
    let prior = PriorBilling(quantity: try decimal("7"), billed: try decimal("70"))
    #expect(try price.amount(quantity: decimal("5"), prior: prior).description == "30")
    #expect(try price.amount(quantity: decimal("-2"), prior: prior).description == "-20")
    #expect(try price.amount(quantity: decimal("5"), prior: .nothing).description == "50")
  }

  @Test func `An amount that does not fit is an error`() throws {
    let price = Price(.perUnit(try decimal("99999999999999999999")))
    #expect(throws: MoneyError.overflow) { try amount(price, "99999999999999999999") }
  }
}
