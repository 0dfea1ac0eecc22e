import ArgumentParser
import Billing
import Ledger

struct ReportCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show a month's finance totals, per currency.",
    discussion: """
      Every figure is computed from the ledger's entries. Exits 1 if nothing was invoiced for the \
      month, or if the entries of a currency do not sum to 0.

      Example:
        closectl report 2026-11 --json
        closectl report last --csv > report.csv
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(name: .customLong("csv"), help: "Write CSV to standard output: one figure per line.")
  var isCSV = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if isCSV && shared.json { throw ValidationError("use --csv or --json, not both") }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let period = try named.period(at: session.clock.now())
    let totals = try await session.store().totals(period)
    guard totals.contains(where: { $0.invoices > 0 }) else {
      throw Problem("nothing was invoiced for \(period)")
    }
    let resent = try await session.store().mailsResent(period)
    var document = ReportDocument(period: period, totals, mailsResent: resent)
    document.mailsNotDelivered = try await session.store().mailCounts(period)
      .filter { $0.state == .refused }.map(\.mails).reduce(0, +)
    document.unpriced = try await UnpricedDocument(of: period, in: session.store())
    document.deadLetters = Known(await DeadTallyReader(session: session).read())
    return CommandOutput(
      document, text: isCSV ? document.csv.text : document.lines(style: session.output.style),
      status: totals.allSatisfy { $0.ledgerSumMinor == 0 } ? .done : .problem)
  }
}

/// Amounts in minor units of the currency beside them.
struct ReportDocument: Encodable {
  struct Totals: Encodable {
    var currency: String
    var invoices: Int
    var invoiced: Int64
    var tax: Int64
    var credited: Int64
    var collected: Int64
    var collectedByGateway: Int64
    var outstanding: Int64
    var holds: Int
    var ledgerSum: Int64
    var revenue: [String: Int64]
    var taxByRate: [String: Int64]
    /// What each of these taxes was taken on.
    var taxBaseByRate: [String: Int64]
  }

  var period: String
  var currencies: [Totals]
  /// Mails whose receivers may have them twice, under the same Message-ID.
  var mailsResent: Int
  /// Mails that were refused because of their recipients, or given up.
  var mailsNotDelivered = 0
  /// Usage of the month without a price, which is therefore in none of the figures.
  var unpriced: UnpricedDocument?
  /// Of all periods, by service and reason; null when the broker could not be asked.
  var deadLetters = Known<DeadTally>(nil)

  init(period: Period, _ totals: [FinanceTotals], mailsResent: Int = 0) {
    self.period = period.description
    self.mailsResent = mailsResent
    currencies = totals.map {
      Totals(
        currency: $0.currency.code, invoices: $0.invoices, invoiced: $0.invoicedMinor,
        tax: $0.taxMinor, credited: $0.creditedMinor, collected: $0.collectedMinor,
        collectedByGateway: $0.collectedByGatewayMinor, outstanding: $0.outstandingMinor,
        holds: $0.holds, ledgerSum: $0.ledgerSumMinor, revenue: $0.revenueMinor,
        taxByRate: $0.taxByRateMinor, taxBaseByRate: $0.taxBaseByRateMinor)
    }.sorted { $0.currency < $1.currency }
  }

  func lines(style: Style) -> [String] {
    let tables = currencies.flatMap { totals in
      [style.bold("report \(period), \(totals.currency)")] + Self.table(totals) + [""]
    }
    let notes = mailLines + deadLines + (unpriced?.lines ?? [])
    return notes.isEmpty ? tables.dropLast() : tables + notes
  }

  private var mailLines: [String] {
    var lines: [String] = []
    if mailsResent > 0 {
      lines.append(
        "mails that may have been sent twice, under the same Message-ID: \(mailsResent)")
    }
    if mailsNotDelivered > 0 {
      lines.append(
        "mails that were not delivered: \(grouped(mailsNotDelivered)) "
          + "(closectl mail list \(period) --state undelivered)")
    }
    return lines
  }

  private var deadLines: [String] {
    guard let dead = deadLetters.value, dead.total > 0 else { return [] }
    return ["dead letters, all months: \(grouped(dead.total))"] + dead.lines
  }

  /// A figure a line: what it is, of what, its currency.
  var csv: CSVOutput {
    var csv = CSVOutput(["period", "currency", "figure", "detail", "rate", "base", "value"])
    for totals in currencies {
      func add(
        _ figure: String, _ value: String, of detail: String = "", rate: String = "",
        base: String = ""
      ) {
        csv.add([period, totals.currency, figure, detail, rate, base, value])
      }
      func amount(_ minor: Int64) -> String { plainDecimal(minor, totals.currency) }
      add("invoices", "\(totals.invoices)")
      add("invoiced", amount(totals.invoiced))
      add("credited", amount(totals.credited))
      add("collected", amount(totals.collected))
      add("collected by the gateway", amount(totals.collectedByGateway))
      add("outstanding", amount(totals.outstanding))
      for (product, minor) in totals.revenue.sorted(by: { $0.key < $1.key }) {
        add("revenue", amount(minor), of: product)
      }
      for (tax, minor) in totals.taxByRate.sorted(by: { $0.key < $1.key }) {
        let space = tax.lastIndex(of: " ") ?? tax.endIndex
        add(
          "tax by rate", amount(minor), of: String(tax[..<space]),
          rate: String(tax[space...].dropFirst()),
          base: totals.taxBaseByRate[tax].map(amount) ?? "")
      }
      add("tax", amount(totals.tax))
      add("holds", "\(totals.holds)")
      add("sum of all entries", amount(totals.ledgerSum))
    }
    return csv
  }

  private static func table(_ totals: Totals) -> [String] {
    func amount(_ minor: Int64) -> String { money(minor, totals.currency) }
    var table = Table([.init(""), .init("", .right)])
    table.add("invoices", grouped(totals.invoices))
    table.add("invoiced, including tax", amount(totals.invoiced))
    table.add("  credited", amount(totals.credited))
    table.add("  collected", amount(totals.collected))
    table.add("    by the gateway", amount(totals.collectedByGateway))
    table.add("  outstanding", amount(totals.outstanding))
    for (product, minor) in totals.revenue.sorted(by: { $0.key < $1.key }) {
      table.add("revenue \(product)", amount(minor))
    }
    for (rate, minor) in totals.taxByRate.sorted(by: { $0.key < $1.key }) {
      let base = totals.taxBaseByRate[rate].map { " on \(amount($0))" } ?? ""
      table.add("tax \(taxInPercent(rate))\(base)", amount(minor))
    }
    table.add("tax", amount(totals.tax))
    table.add("holds", grouped(totals.holds))
    table.add("sum of all entries", amount(totals.ledgerSum))
    return table.lines()
  }
}
