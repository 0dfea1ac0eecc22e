import Billing

/// What a close would do, in minor units.
struct PreviewDocument: Encodable {
  struct Totals: Encodable, Equatable {
    var currency: String
    var invoices = 0
    /// Invoices that come to zero or less.
    var nothingDue = 0
    var net: Int64 = 0
    var tax: Int64 = 0
    var total: Int64 = 0
    /// Credit that would be used, so that less is taken.
    var credit: Int64 = 0

    init(currency: String) { self.currency = currency }

    mutating func add(_ draft: InvoiceDraft, creditMinor: Int64) throws {
      invoices += 1
      if draft.totalMinor <= 0 { nothingDue += 1 }
      net = try sum(net, draft.netMinor)
      tax = try sum(tax, draft.taxMinor)
      total = try sum(total, draft.totalMinor)
      credit = try sum(credit, min(creditMinor, max(0, draft.totalMinor)))
    }

    private func sum(_ one: Int64, _ other: Int64) throws -> Int64 {
      let (result, overflow) = one.addingReportingOverflow(other)
      if overflow { throw MoneyError.overflow }
      return result
    }
  }

  struct Refused: Encodable, Equatable {
    var account: String
    var reason: String
  }

  /// How many accounts that cannot be rated are told by name.
  static let shown = 20

  var period: String
  var currencies: [Totals] = []
  var invoicedAlready = 0
  var closedAccounts = 0
  var notRated = 0
  var refused: [Refused] = []
  /// With `--account`.
  var draft: DraftDocument?
  var existingInvoice: String?

  init(period: String) { self.period = period }

  mutating func refuse(_ account: String, _ reason: String) {
    notRated += 1
    if refused.count < Self.shown { refused.append(.init(account: account, reason: reason)) }
  }

  var answer: Answer {
    Answer(self, text: text, status: notRated == 0 ? .done : .problem)
  }

  private var text: [String] {
    var lines = draft?.text ?? []
    if draft == nil, !currencies.isEmpty { lines += table.lines() }
    if let existingInvoice { lines.append("invoiced already: \(existingInvoice)") }
    if existingInvoice == nil, invoicedAlready > 0 {
      lines.append("\(grouped(invoicedAlready)) invoiced already, not counted here")
    }
    if closedAccounts > 0 { lines.append("\(grouped(closedAccounts)) closed accounts passed over") }
    if notRated > 0 {
      lines.append("\(grouped(notRated)) accounts cannot be rated and would be parked:")
      lines += refused.map { "  \($0.account): \($0.reason)" }
      let more = notRated - refused.count
      if more > 0 { lines.append("  … and \(grouped(more)) more") }
    }
    return lines
  }

  private var table: Table {
    var table = Table([
      .init("currency"), .init("invoices", .right), .init("net", .right), .init("tax", .right),
      .init("total", .right), .init("credit used", .right), .init("nothing due", .right),
    ])
    for row in currencies {
      table.add(
        row.currency, "\(row.invoices)", money(row.net, row.currency), money(row.tax, row.currency),
        money(row.total, row.currency), money(row.credit, row.currency), "\(row.nothingDue)")
    }
    return table
  }
}
