/// Lines of one invoice while they are written.
struct RatingSheet {
  let country: String
  let currency: Currency
  private(set) var lines: [InvoiceLine] = []
  private(set) var billed: [BilledUsage] = []

  init(country: String, currency: Currency) {
    self.country = country
    self.currency = currency
  }

  func check(_ catalog: Catalog) throws {
    guard catalog.currency == currency else {
      throw RatingError.currency(account: currency, catalog: catalog.currency)
    }
  }

  /// The period's own line of a product.
  mutating func charge(
    _ product: Product, _ usage: [UsageSum], _ events: [String: [ExactDecimal]], _ period: Period,
    _ catalog: Catalog
  ) throws {
    let used = product.metric.flatMap { metric in usage.first { $0.metric == metric } }
    let amount = try amount(of: product, used, events, period)
    guard product.price.isFlat || used != nil || amount != 0 else { return }
    let quantity = used?.quantity ?? .zero
    let tax = catalog.tax(on: product, country: country)
    lines.append(
      InvoiceLine(
        product: product.id, text: product.name,
        quantity: product.price.isFlat ? nil : try units(quantity, of: product, period),
        unit: product.unit, amountMinor: amount, taxName: tax?.name,
        taxRate: tax?.rate.description))
    guard !product.price.isFlat else { return }
    billed.append(
      BilledUsage(period: period, product: product.id, quantity: quantity, amountMinor: amount))
  }

  /// What an earlier period's product costs now, less what was billed of it. Products without usage
  /// in that period stay as they were billed; no minimum is charged in hindsight.
  mutating func correct(_ product: Product, _ late: LateUsage, _ catalog: Catalog) throws {
    let used = product.metric.flatMap { metric in late.usage.first { $0.metric == metric } }
    guard let used else { return }
    let before = late.billed.first { $0.product == product.id && $0.period == late.period }
    let amount = try amount(of: product, used, late.events, late.period)
    billed.append(
      BilledUsage(
        period: late.period, product: product.id, quantity: used.quantity, amountMinor: amount))
    let difference = try Self.sum([amount, try Self.negated(before?.amountMinor ?? 0)])
    guard difference != 0 else { return }
    let quantity = try units(
      used.quantity, of: product, late.period, less: before?.quantity ?? .zero)
    let tax = catalog.tax(on: product, country: country)
    lines.append(
      InvoiceLine(
        product: product.id, text: "\(product.name), correction for \(late.period)",
        quantity: quantity, unit: product.unit, amountMinor: difference, taxName: tax?.name,
        taxRate: tax?.rate.description, correctsPeriod: late.period))
  }

  func netMinor() throws -> Int64 {
    try Self.sum(lines.lazy.map(\.amountMinor))
  }

  /// One total per name and rate, in the order in which the lines first have them.
  func taxes() throws -> [TaxTotal] {
    var totals: [TaxTotal] = []
    for line in lines {
      guard let name = line.taxName, let rate = line.taxRate else { continue }
      if let index = totals.firstIndex(where: { $0.name == name && $0.rate == rate }) {
        totals[index].taxableMinor = try Self.sum([totals[index].taxableMinor, line.amountMinor])
      } else {
        totals.append(
          TaxTotal(name: name, rate: rate, taxableMinor: line.amountMinor, amountMinor: 0))
      }
    }
    for index in totals.indices {
      do {
        totals[index].amountMinor = try ExactDecimal(Int(totals[index].taxableMinor))
          .multiplied(by: ExactDecimal(parsing: totals[index].rate))
          .roundedMinorUnits(exponent: 0)
      } catch is MoneyError {
        throw RatingError.totalOverflow
      }
    }
    return totals
  }

  static func sum(_ amounts: some Sequence<Int64>) throws -> Int64 {
    var sum: Int64 = 0
    for amount in amounts {
      let (next, overflow) = sum.addingReportingOverflow(amount)
      guard !overflow else { throw RatingError.totalOverflow }
      sum = next
    }
    return sum
  }

  private static func negated(_ amount: Int64) throws -> Int64 {
    guard amount != .min else { throw RatingError.totalOverflow }
    return -amount
  }

  /// A product's amount for a period, rounded as a line is.
  private func amount(
    of product: Product, _ used: UsageSum?, _ events: [String: [ExactDecimal]], _ period: Period
  ) throws -> Int64 {
    var single: [ExactDecimal] = []
    if let used, product.price.needsEvents {
      single = events[used.metric] ?? []
      guard single.count == used.events else {
        throw RatingError.eventsMissing(
          product: product.id, period: period, expected: used.events, found: single.count)
      }
    }
    return try Self.exactly(product, period) {
      try product.price.amount(quantity: used?.quantity ?? .zero, events: single)
        .roundedMinorUnits(exponent: currency.exponent)
    }
  }

  /// A quantity in the unit of its price, as the line shows it.
  private func units(
    _ quantity: ExactDecimal, of product: Product, _ period: Period, less: ExactDecimal = .zero
  ) throws -> ExactDecimal {
    try Self.exactly(product, period) {
      try product.price.converted(quantity).subtracting(product.price.converted(less))
    }
  }

  private static func exactly<Value>(
    _ product: Product, _ period: Period, _ compute: () throws -> Value
  ) throws -> Value {
    do {
      return try compute()
    } catch let error as MoneyError {
      throw RatingError.arithmetic(product: product.id, period: period, error)
    }
  }
}
