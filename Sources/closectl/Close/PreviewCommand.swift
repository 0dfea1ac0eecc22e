import ArgumentParser
import Billing
import Ledger

struct PreviewCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show what would be invoiced with the month's catalogs; changes nothing.",
    discussion: """
      Rates every account as the invoicer would. Exits 1 if an account cannot be rated, if usage \
      has no price, or if an invoice is above --max. Also reports, without exit 1: \
      countries without a tax, amounts far above the month before, corrections larger than what \
      was billed, amounts the payment gateway cannot charge, and usage in distant months.

      Example:
        closectl close preview 2026-11
        closectl close preview 2026-11 --max "20000 CHF" --max "20000 EUR"
        closectl close preview 2026-11 --account meter-1000317
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Option(help: "Show only this account, with its lines.")
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Report every invoice above this amount; once per currency.", valueName: "amount"),
    transform: { try Money(parsing: $0) })
  var max: [Money] = []
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    var preview = Preview(
      period: try named.period(at: session.clock.now()), store: try await session.store(),
      output: session.output, maximum: max)
    if let account { return try await preview.one(account) }
    return try await preview.all()
  }
}

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
      net = try net.adding(draft.netMinor)
      tax = try tax.adding(draft.taxMinor)
      total = try total.adding(draft.totalMinor)
      credit = try credit.adding(min(creditMinor, max(0, draft.totalMinor)))
    }
  }

  struct Refused: Encodable, Equatable {
    var account: String
    var reason: String
  }

  /// An invoice that cannot be charged to its card, or not in full.
  struct Uncharged: Encodable, Equatable {
    var account: String
    /// In minor units, credit taken off.
    var amount: Int64
    var currency: String
    var reason: String
  }

  /// The number of accounts of one kind that are listed by name.
  static let shown = 20

  var period: String
  var currencies: [Totals] = []
  var invoicedAlready = 0
  /// Accounts that are not in the close: they begin after the month, or had ended before it.
  var notBegun = 0
  var ended = 0
  /// Credit of accounts that have ended.
  var endedWithCredit = EndedCredits()
  var notRated = 0
  var refused: [Refused] = []
  var notChargeable = 0
  var uncharged: [Uncharged] = []
  /// Usage of metrics without a price.
  var unpriced = UnpricedDocument()
  var untaxed = UntaxedCountries()
  var strange: StrangeInvoices
  /// Months far away with usage that no invoice contains.
  var far: [UnclosedMonths.Month] = []
  /// With `--account`.
  var draft: DraftDocument?
  var existingInvoice: String?
  /// Accounts that a started close has parked for lack of a catalog.
  var lackingCatalog: [LackingCatalogs.Currency] = []
  /// The account, where the month is closed without it.
  var notInClose: String?
  /// The date that excludes it; `nil` if it was imported later.
  var notInCloseBecause: String?
  /// Accounts imported after the start of the month's close.
  var late: LateArrivals?
  /// Earlier months with usage that this close does not bill.
  var unclosed: [UnclosedMonths.Month] = []

  init(period: String, maximum: [Money] = []) {
    self.period = period
    strange = StrangeInvoices(maximum: maximum)
  }

  mutating func refuse(_ account: String, _ reason: String) {
    notRated += 1
    if refused.count < Self.shown { refused.append(.init(account: account, reason: reason)) }
  }

  mutating func warn(_ uncharged: Uncharged) {
    notChargeable += 1
    if self.uncharged.count < Self.shown { self.uncharged.append(uncharged) }
  }

  var output: CommandOutput {
    let isGood = notRated == 0 && unpriced.metrics.isEmpty && strange.aboveMaximum == 0
    return CommandOutput(self, text: text, status: isGood ? .done : .problem)
  }

  private var text: [String] {
    var lines = draft?.text ?? []
    if draft == nil, !currencies.isEmpty { lines += table.lines() }
    if let notInClose, let notInCloseBecause {
      lines.append(
        "\(period) is closed without \(printable(notInClose)), which \(notInCloseBecause) and has "
          + "no usage to bill")
    } else if let notInClose {
      lines.append(
        "\(period) is closed without \(printable(notInClose)): its usage goes on the account's "
          + "next invoice automatically, without flat fees and minimums")
    }
    if let existingInvoice { lines.append("already invoiced: \(existingInvoice)") }
    if existingInvoice == nil, invoicedAlready > 0 {
      lines.append("\(grouped(invoicedAlready)) already invoiced, not counted here")
    }
    if let late { lines.append(late.line) }
    if let leftOut { lines.append(leftOut) }
    if notRated > 0 {
      lines.append("\(grouped(notRated)) accounts cannot be rated and would be parked:")
      lines += refused.map { "  \($0.account): \($0.reason)" }
      let more = notRated - refused.count
      if more > 0 { lines.append("  … and \(grouped(more)) more") }
    }
    if notChargeable > 0 {
      lines.append(
        "warning: \(grouped(notChargeable)) invoices cannot be charged in full and stay open:")
      lines += uncharged.map {
        "  \($0.account): \(money($0.amount, $0.currency)), \(inText($0.reason))"
      }
      let more = notChargeable - uncharged.count
      if more > 0 { lines.append("  … and \(grouped(more)) more") }
    }
    return lines + LackingCatalogs.lines(lackingCatalog, period) + unpriced.lines + untaxed.lines
      + strange.lines + UnclosedMonths.lines(unclosed)
      + FarUsage.lines(far) + endedWithCredit.lines
  }

  /// `left out: 2 accounts that had not begun, 1 that had ended`
  private var leftOut: String? {
    let parts = [(notBegun, "had not begun"), (ended, "had ended")].filter { $0.0 > 0 }
    guard let first = parts.first else { return nil }
    let accounts = first.0 == 1 ? "account" : "accounts"
    return "left out: \(grouped(first.0)) \(accounts) that \(first.1)"
      + parts.dropFirst().map { ", \(grouped($0.0)) that \($0.1)" }.joined()
  }

  private var table: Table {
    var table = Table([
      .init("currency"), .init("invoices", .right), .init("net", .right), .init("tax", .right),
      .init("total", .right), .init("credit used", .right), .init("nothing due", .right),
    ])
    for row in currencies {
      table.add(
        row.currency, grouped(row.invoices), money(row.net, row.currency),
        money(row.tax, row.currency),
        money(row.total, row.currency), money(row.credit, row.currency), grouped(row.nothingDue))
    }
    return table
  }
}

/// A draft's lines, as the invoice would have them.
struct DraftDocument: Encodable {
  struct Line: Encodable {
    var product: String
    var text: String
    var quantity: String?
    var unit: String?
    var amount: Int64
    var tax: String?
    var correctsPeriod: String?
  }
  struct Tax: Encodable {
    var name: String
    var rate: String
    var taxable: Int64
    var amount: Int64
  }
  var account: String
  var currency: String
  var catalogVersion: Int
  var lines: [Line]
  var taxes: [Tax]
  var net: Int64
  var tax: Int64
  var total: Int64

  init(_ draft: InvoiceDraft) {
    account = draft.account
    currency = draft.currency.code
    catalogVersion = draft.catalogVersion
    lines = draft.lines.map { line in
      Line(
        product: line.product, text: line.text, quantity: line.quantity?.description,
        unit: line.unit, amount: line.amountMinor,
        tax: line.taxRate.map { "\(line.taxName ?? "tax") \($0)" },
        correctsPeriod: line.correctsPeriod?.description)
    }
    taxes = draft.taxes.map {
      Tax(name: $0.name, rate: $0.rate, taxable: $0.taxableMinor, amount: $0.amountMinor)
    }
    net = draft.netMinor
    tax = draft.taxMinor
    total = draft.totalMinor
  }

  var text: [String] {
    var table = Table([
      .init("line"), .init("quantity", .right), .init("unit"), .init("tax"),
      .init("amount", .right),
    ])
    for line in lines {
      table.add(
        line.text, line.quantity.map(GroupedDigits.grouped) ?? "", line.unit ?? "",
        line.tax.map(taxInPercent) ?? "",
        money(line.amount, currency))
    }
    table.add("net", "", "", "", money(net, currency))
    for tax in taxes {
      table.add(
        "\(tax.name) on \(money(tax.taxable, currency))", "", "",
        percent(tax.rate),
        money(tax.amount, currency))
    }
    table.add("total", "", "", "", money(total, currency))
    return ["account \(account), catalog version \(catalogVersion)"] + table.lines()
  }
}
