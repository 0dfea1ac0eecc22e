import Billing

@testable import Mail

enum MailViews {
  /// An invoice with everything on it: taxes, a correction, credit.
  static func full(name: String = "Ada Lovelace", collection: CollectionMethod = .auto) throws
    -> MailView
  {
    let chf = try Currency("CHF")
    let period = try Period("2026-11")
    let account = Account(
      id: "meter-1000317", name: name, email: "ada@example.org", currency: chf, country: "CH",
      timeZone: "Europe/Zurich", collection: collection, paymentMethod: "pm_card_visa",
      holdAfterDays: 14)
    let lines = [
      InvoiceLine(
        product: "energy", text: "Electricity, day rate",
        quantity: try ExactDecimal(parsing: "241.5"),
        unit: "kWh", amountMinor: 6520, taxName: "MWST", taxRate: "0.081"),
      InvoiceLine(
        product: "energy", text: "Electricity, night rate", quantity: ExactDecimal(88), unit: "kWh",
        amountMinor: 1672, taxName: "MWST", taxRate: "0.081"),
      InvoiceLine(
        product: "base", text: "Basic fee", quantity: nil, unit: nil, amountMinor: 500,
        taxName: "MWST", taxRate: "0.081"),
      InvoiceLine(
        product: "energy", text: "Electricity, day rate", quantity: ExactDecimal(-13), unit: "kWh",
        amountMinor: -355, taxName: "MWST", taxRate: "0.081", correctsPeriod: period.previous),
    ]
    let draft = InvoiceDraft(
      account: account.id, period: period, currency: chf, catalogVersion: 1, lines: lines,
      taxes: [TaxTotal(name: "MWST", rate: "0.081", taxableMinor: 8337, amountMinor: 675)],
      netMinor: 8337, taxMinor: 675, totalMinor: 9012, billed: [])
    let invoice = InvoiceFacts(
      id: draft.id, number: 1042, account: account.id, period: period, currency: chf,
      totalMinor: 9012, openMinor: 8012, status: .open,
      issuedAt: Instant(milliseconds: 1_796_090_400_000))
    var view = MailView(account: account, draft: draft, invoice: invoice)
    view.creditAppliedMinor = 1000
    view.amountMinor = 8012
    view.nextAttemptAt = try Instant(rfc3339: "2026-12-04T23:30:00Z")
    view.dueAt = try Instant(rfc3339: "2026-12-15T12:00:00Z")
    view.reason = "insufficient_funds"
    return view
  }
}
