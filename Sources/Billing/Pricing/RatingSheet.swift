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

  /// The period's own line of a product, less what a later period's invoice billed of it already.
  mutating func charge(
    _ product: Product, _ facts: InvoicingFacts, _ period: Period, _ catalog: Catalog,
    _ days: ActiveDays, ofUsageAlone: Bool = false
  ) throws {
    if product.price.isFlat && days.isNone { return }
    let used = product.metric.flatMap { metric in facts.usage.first { $0.metric == metric } }
    let before = facts.billed.first { $0.product == product.id && $0.period == period }
    let isAlone = ofUsageAlone || days.isNone
    if isAlone && before == nil && !Self.isThere(used, product.price) { return }
    let amount =
      isAlone
      ? try amountOfUsageAlone(of: product, used, facts.events, period)
      : try amount(of: product, product.price, used, facts.events, period, days)
    guard product.price.isFlat || used != nil || amount != 0 else { return }
    let quantity = used?.quantity ?? .zero
    if !product.price.isFlat {
      billed.append(
        BilledUsage(period: period, product: product.id, quantity: quantity, amountMinor: amount))
    }
    let rest = try Self.sum([amount, try Self.negated(before?.amountMinor ?? 0)])
    if before != nil && rest == 0 { return }
    let tax = catalog.tax(on: product, country: country)
    let name = product.price.isFlat && !days.isAll ? "\(product.name) (\(days))" : product.name
    lines.append(
      InvoiceLine(
        product: product.id, text: before == nil ? name : "\(name), not billed before",
        quantity: product.price.isFlat
          ? nil : try units(quantity, of: product, period, less: before?.quantity ?? .zero),
        unit: product.unit, amountMinor: rest, taxName: tax?.name,
        taxRate: tax?.rate.description))
  }

  /// What an earlier period's product costs now, less what was billed of it. Products without usage
  /// in that period stay as they were billed.
  mutating func correct(
    _ product: Product, _ late: LateUsage, _ catalog: Catalog, ofUsageAlone: Bool = false
  ) throws {
    let used = product.metric.flatMap { metric in late.usage.first { $0.metric == metric } }
    guard let used else { return }
    let before = late.billed.first { $0.product == product.id && $0.period == late.period }
    let isAlone = ofUsageAlone || !late.isInvoiced || late.isUsageAlone
    if isAlone && before == nil && !Self.isThere(used, product.price) {
      // Billed with nothing, or an account that has ended would be asked about it for ever.
      billed.append(
        BilledUsage(
          period: late.period, product: product.id, quantity: used.quantity, amountMinor: 0))
      return
    }
    let amount =
      isAlone
      ? try amountOfUsageAlone(of: product, used, late.events, late.period)
      : try amount(of: product, product.price, used, late.events, late.period)
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

  /// Where events are priced, those that cancel each other out cost something all the same.
  private static func isThere(_ used: UsageSum?, _ price: Price) -> Bool {
    guard let used else { return false }
    return !used.quantity.isZero || price.needsEvents && used.events > 0
  }

  /// No usage costs nothing: what a first tier asks of everybody is no price of usage.
  private func amountOfUsageAlone(
    of product: Product, _ used: UsageSum?, _ events: [String: [ExactDecimal]], _ period: Period
  ) throws -> Int64 {
    guard Self.isThere(used, product.price) else { return 0 }
    return try amount(of: product, product.price.ofUsageAlone, used, events, period)
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
      guard !overflow, Money.isWithinLimit(next) else { throw RatingError.totalOverflow }
      sum = next
    }
    return sum
  }

  private static func negated(_ amount: Int64) throws -> Int64 {
    guard amount != .min else { throw RatingError.totalOverflow }
    return -amount
  }

  /// A product's amount for a period, rounded as a line is. `days`: those that a flat fee is for.
  private func amount(
    of product: Product, _ price: Price, _ used: UsageSum?, _ events: [String: [ExactDecimal]],
    _ period: Period, _ days: ActiveDays? = nil
  ) throws -> Int64 {
    var single: [ExactDecimal] = []
    if let used, price.needsEvents {
      single = events[used.metric] ?? []
      guard single.count == used.events else {
        throw RatingError.eventsMissing(
          product: product.id, period: period, expected: used.events, found: single.count)
      }
    }
    return try Self.exactly(product, period) {
      let amount =
        if price.isFlat, let days, !days.isAll {
          try price.flatMinor(days, exponent: currency.exponent)
        } else {
          try price.amount(quantity: used?.quantity ?? .zero, events: single)
            .roundedMinorUnits(exponent: currency.exponent)
        }
      guard Money.isWithinLimit(amount) else { throw MoneyError.aboveLimit(currency) }
      return amount
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
