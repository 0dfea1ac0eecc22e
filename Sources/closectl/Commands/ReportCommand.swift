import ArgumentParser
import Billing
import Ledger

struct ReportCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Finance totals of a month, per currency.",
    discussion: """
      Every figure is computed from the ledger's entries. Exit 1 when nothing was invoiced for the \
      month, or when the entries of a currency do not sum to 0.

      Example:
        closectl report 2026-11 --json
      """)

  @Argument(help: .period, transform: parsePeriod)
  var period: Period
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> Answer {
    let totals = try await session.store().totals(period)
    guard totals.contains(where: { $0.invoices > 0 }) else {
      throw Problem("nothing was invoiced for \(period)")
    }
    let resent = try await session.store().mailsResent(period)
    var document = ReportDocument(period: period, totals, mailsResent: resent)
    document.deadLetters = Known(await DeadTallyReader(session: session).read())
    return Answer(
      document, text: document.lines(style: session.output.style),
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
  }

  var period: String
  var currencies: [Totals]
  /// Mails whose receivers may have them twice, under the same Message-ID.
  var mailsResent: Int
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
        taxByRate: $0.taxByRateMinor)
    }.sorted { $0.currency < $1.currency }
  }

  func lines(style: Style) -> [String] {
    let tables = currencies.flatMap { totals in
      [style.bold("report \(period), \(totals.currency)")] + Self.table(totals) + [""]
    }
    let notes = mailLines + deadLines
    return notes.isEmpty ? tables.dropLast() : tables + notes
  }

  private var mailLines: [String] {
    if mailsResent == 0 { return [] }
    return ["mails that may have been sent twice, under the same Message-ID: \(mailsResent)"]
  }

  private var deadLines: [String] {
    guard let dead = deadLetters.value, dead.total > 0 else { return [] }
    return ["dead letters, of all months: \(grouped(dead.total))"] + dead.lines
  }

  private static func table(_ totals: Totals) -> [String] {
    func amount(_ minor: Int64) -> String { money(minor, totals.currency) }
    var table = Table([.init(""), .init("", .right)])
    table.add("invoices", grouped(totals.invoices))
    table.add("invoiced, tax included", amount(totals.invoiced))
    table.add("  credited", amount(totals.credited))
    table.add("  collected", amount(totals.collected))
    table.add("    by the gateway", amount(totals.collectedByGateway))
    table.add("  outstanding", amount(totals.outstanding))
    for (product, minor) in totals.revenue.sorted(by: { $0.key < $1.key }) {
      table.add("revenue \(product)", amount(minor))
    }
    for (rate, minor) in totals.taxByRate.sorted(by: { $0.key < $1.key }) {
      table.add("tax \(rate)", amount(minor))
    }
    table.add("tax", amount(totals.tax))
    table.add("holds", grouped(totals.holds))
    table.add("sum of all entries", amount(totals.ledgerSum))
    return table.lines()
  }
}
