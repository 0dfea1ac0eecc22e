/// From usage to an invoice: pure, exact, the same for the same facts.
public enum Rating {
  /// The invoice of one account for one period, with corrections of earlier periods.
  ///
  /// What a correction is, so that no order of closes bills anything twice or never:
  ///
  /// 1. Of a period that this account was invoiced for: what its products cost now, less what was
  ///    billed of them.
  /// 2. Of a period that was closed without an invoice for this account (imported later, or
  ///    parked): its usage alone, at that period's prices. No flat fee and no minimum: those are
  ///    the price of having been a customer of that month.
  /// 3. Of a period that was never closed: nothing. Its usage stays with it until it is closed.
  ///
  /// Usage of an earlier period that its own catalog does not price is billed by its usage alone at
  /// the later catalog's prices that were settled for it, and never at others.
  ///
  /// Whatever was billed of a period in advance, by this rule or an older one, is taken off its own
  /// invoice. So a period costs the same whenever, and in however many parts, it is billed.
  ///
  /// A month in which the account is a customer on some days only: flat fees by those days, rounded
  /// once, all else whole. On none of them: its usage alone, as in rule 2, also in corrections.
  ///
  /// One line per product in the order of the catalog: flat fees always, others if there was usage
  /// or something to pay. Then one line for each corrected period and product whose amount changed.
  /// Each line is rounded half away from zero to the minor unit, lines are summed exactly, tax is
  /// taken per rate on the sum of its lines and rounded once (EN 16931, BR-CO-10).
  ///
  /// Throws `RatingError`. Lines and total may be negative: a credit.
  public static func draft(
    _ facts: InvoicingFacts, period: Period, catalog: Catalog
  ) throws -> InvoiceDraft {
    let account = facts.facts.account
    let days = account.activeDays(in: period)
    var sheet = RatingSheet(country: account.country, currency: account.currency)
    try sheet.check(catalog)
    for product in catalog.products {
      try sheet.charge(product, facts, period, catalog, days)
    }
    for later in facts.later {
      try sheet.check(later)
      for product in later.products {
        try sheet.charge(product, facts, period, later, days, ofUsageAlone: true)
      }
    }
    for late in facts.late.sorted(by: { $0.period < $1.period }) {
      let lateCatalog = late.catalog ?? catalog
      try sheet.check(lateCatalog)
      for product in lateCatalog.products where !product.price.isFlat {
        try sheet.correct(product, late, lateCatalog)
      }
      for later in late.later {
        try sheet.check(later)
        for product in later.products {
          try sheet.correct(product, late, later, ofUsageAlone: true)
        }
      }
    }
    let net = try sheet.netMinor()
    let taxes = try sheet.taxes()
    let tax = try RatingSheet.sum(taxes.lazy.map(\.amountMinor))
    return InvoiceDraft(
      account: account.id, period: period, currency: account.currency,
      catalogVersion: catalog.version, lines: sheet.lines, taxes: taxes, netMinor: net,
      taxMinor: tax, totalMinor: try RatingSheet.sum([net, tax]), billed: sheet.billed, days: days)
  }
}

/// Why an account's usage could not be rated.
public enum RatingError: Error, Equatable, Sendable {
  /// A catalog in another currency than the account's.
  case currency(account: Currency, catalog: Currency)
  /// Product and period whose amount cannot be kept exactly, and why.
  case arithmetic(product: String, period: Period, MoneyError)
  /// The sum of the lines or the tax does not fit.
  case totalOverflow
  /// A price needs single events and was not given all of them.
  case eventsMissing(product: String, period: Period, expected: Int, found: Int)
}

extension RatingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .currency(let account, let catalog):
      "the account is in \(account), the catalog in \(catalog)"
    case .arithmetic(let product, let period, let error):
      "product \(product), period \(period): \(error)"
    case .totalOverflow:
      "the invoice total, or a sum within it, is above the limit of 15 digits in minor units"
    case .eventsMissing(let product, let period, let expected, let found):
      "product \(product), period \(period): its price needs \(expected) single events, "
        + "found \(found)"
    }
  }
}
