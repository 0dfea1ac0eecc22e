/// From usage to an invoice: pure, exact, the same for the same facts.
public enum Rating {
  /// The invoice of one account for one period, with corrections of earlier periods that got usage
  /// after they were invoiced.
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
    var sheet = RatingSheet(country: account.country, currency: account.currency)
    try sheet.check(catalog)
    for product in catalog.products {
      try sheet.charge(product, facts.usage, facts.events, period, catalog)
    }
    for late in facts.late.sorted(by: { $0.period < $1.period }) {
      let lateCatalog = late.catalog ?? catalog
      try sheet.check(lateCatalog)
      for product in lateCatalog.products where !product.price.isFlat {
        try sheet.correct(product, late, lateCatalog)
      }
    }
    let net = try sheet.netMinor()
    let taxes = try sheet.taxes()
    let tax = try RatingSheet.sum(taxes.lazy.map(\.amountMinor))
    return InvoiceDraft(
      account: account.id, period: period, currency: account.currency,
      catalogVersion: catalog.version, lines: sheet.lines, taxes: taxes, netMinor: net,
      taxMinor: tax, totalMinor: try RatingSheet.sum([net, tax]), billed: sheet.billed)
  }
}
