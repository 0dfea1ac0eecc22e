import ArgumentParser
import Billing
import Ledger

struct InvoiceGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "invoice", abstract: "Show the invoices of a month, or one with its lines.",
    subcommands: [InvoiceList.self, InvoiceShow.self])
}

struct InvoiceList: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the invoices of a month, by number.",
    discussion: """
      Example:
        closectl invoice list 2026-11 --status open
        closectl invoice list last --csv > invoices.csv
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Option(
    help: ArgumentHelp("Only this status: open, paid or void.", valueName: "status"),
    transform: parseStatus)
  var status: InvoiceStatus?
  @Flag(name: .customLong("csv"), help: "Write CSV to standard output, with plain figures.")
  var isCSV = false
  @OptionGroup var shared: SharedOptions

  private static let page = 5000

  func validate() throws {
    if isCSV && shared.json { throw ValidationError("use --csv or --json, not both") }
  }

  func perform(in session: Session) async throws -> CommandOutput {
    let period = try named.period(at: session.clock.now())
    let store = try await session.store()
    var found: [ListedInvoice] = []
    while true {
      let page = try await store.listedInvoices(
        period, status: status, after: found.last?.facts.number ?? 0, limit: Self.page)
      found += page
      if page.count < Self.page { break }
    }
    let document = InvoiceListDocument(period, status, found)
    return CommandOutput(document, text: isCSV ? document.csv.text : document.lines)
  }
}

func parseStatus(_ text: String) throws -> InvoiceStatus {
  if let status = InvoiceStatus(rawValue: text) { return status }
  let known = InvoiceStatus.allCases.map(\.rawValue).joined(separator: ", ")
  throw ValidationError("there is no status \(printable(text)); expected one of \(known)")
}

/// In minor units of the currency beside them.
struct InvoiceListDocument: Encodable {
  struct Invoice: Encodable {
    var invoice: String
    var number: Int64
    var account: String
    var currency: String
    var net: Int64
    var tax: Int64
    var total: Int64
    var open: Int64
    var status: String
    var issuedAt: String

    init(_ listed: ListedInvoice) {
      let facts = listed.facts
      invoice = facts.id
      number = facts.number
      account = facts.account
      currency = facts.currency.code
      net = listed.netMinor
      tax = listed.taxMinor
      total = facts.totalMinor
      open = facts.openMinor
      status = facts.status.rawValue
      issuedAt = facts.issuedAt.rfc3339
    }
  }

  var period: String
  /// Absent: of any.
  var status: String?
  var invoices: [Invoice]

  init(_ period: Period, _ status: InvoiceStatus?, _ found: [ListedInvoice]) {
    self.period = period.description
    self.status = status?.rawValue
    invoices = found.map(Invoice.init)
  }

  var csv: CSVOutput {
    var csv = CSVOutput([
      "invoice", "number", "account_id", "period", "currency", "net", "tax", "total", "open",
      "status", "issued_at",
    ])
    for row in invoices {
      func figure(_ minor: Int64) -> String { plainDecimal(minor, row.currency) }
      csv.add([
        row.invoice, "\(row.number)", row.account, period, row.currency, figure(row.net),
        figure(row.tax), figure(row.total), figure(row.open), row.status, row.issuedAt,
      ])
    }
    return csv
  }

  var lines: [String] {
    let kind = status.map { "\($0) " } ?? ""
    if invoices.isEmpty { return ["there is no \(kind)invoice for \(period)"] }
    var table = Table([
      .init("number", .right), .init("invoice"), .init("net", .right), .init("tax", .right),
      .init("total", .right), .init("open", .right), .init("status"), .init("issued"),
    ])
    for row in invoices {
      func figure(_ minor: Int64) -> String { money(minor, row.currency) }
      table.add(
        grouped(Int(row.number)), row.invoice, figure(row.net), figure(row.tax), figure(row.total),
        figure(row.open), row.status, row.issuedAt)
    }
    return table.lines() + [""] + sums(kind)
  }

  /// Each currency's, which may be more than one amount can be.
  private func sums(_ kind: String) -> [String] {
    Dictionary(grouping: invoices, by: \.currency).sorted { $0.key < $1.key }.map { code, rows in
      func sum(_ figure: KeyPath<Invoice, Int64>) -> String {
        let all = rows.reduce(Int128(0)) { $0 + Int128($1[keyPath: figure]) }
        return wideMoney(all, code)
      }
      let count = rows.count == 1 ? "1 \(kind)invoice" : "\(grouped(rows.count)) \(kind)invoices"
      return "\(count) for \(sum(\.total)), \(sum(\.open)) open"
    }
  }
}
