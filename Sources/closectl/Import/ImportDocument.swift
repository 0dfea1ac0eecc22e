import Billing
import Ledger

/// What became of each file.
struct ImportDocument: Encodable {
  struct BadRow: Encodable, Equatable {
    var line: Int
    var column: String
    var reason: String
    /// How many rows are like it and not listed, itself included: a whole column of one form.
    var rows: Int?
  }

  struct File: Encodable {
    var file: String
    var rows = 0
    var added = 0
    var changed = 0
    var unchanged = 0
    /// Bad rows: all of them are counted, the first of every kind are listed.
    var rejected = 0
    var badRows: [BadRow] = []
    /// Where the rejected rows were written, with `--skip-bad`.
    var rejectedFile: String?
    var seconds = 0.0
    var rowsPerSecond = 0
    /// Usage of the file's accounts, metrics and months that has no price. Only for usage.
    var unpriced: UnpricedDocument?
    /// Only for accounts.
    var untaxed = UntaxedCountries()
    /// Invoiced months of accounts whose dates were changed. Only for accounts.
    var movedDays = MovedDaysDocument()
    /// Why nothing of the file was kept.
    var problem: String?
    /// The problem with its bad rows, for people.
    private var lines: [String] = []

    private enum CodingKeys: CodingKey {
      case file, rows, added, changed, unchanged, rejected, badRows, rejectedFile, seconds
      case rowsPerSecond, unpriced, untaxed, movedDays, problem
    }
  }

  var kind: String
  /// Nothing was kept; the counts say what would be.
  var dryRun: Bool
  var files: [File] = []

  init(kind: String, dryRun: Bool = false) {
    self.kind = kind
    self.dryRun = dryRun
  }

  /// `nil` if there is nothing to report but the problem.
  func line(_ file: File) -> String? {
    guard file.problem == nil else { return nil }
    if kind == "catalog" {
      let what = file.added > 0 ? dryRun ? "would be added" : "added" : "already present"
      return "\(file.file): \(what)" + (dryRun ? "; dry run, nothing was imported" : "")
    }
    var counts =
      "\(grouped(file.added)) added, \(grouped(file.changed)) changed, "
      + "\(grouped(file.unchanged)) unchanged"
    if file.rejected > 0 { counts += ", \(grouped(file.rejected)) rejected" }
    let rows = file.rows == 1 ? "1 row" : "\(grouped(file.rows)) rows"
    let time = "\(rows) in \(shortSeconds(file.seconds))"
    if dryRun { return "\(file.file): \(time), dry run, nothing was imported: would be \(counts)" }
    return "\(file.file): \(time) (\(grouped(file.rowsPerSecond)) rows/s): \(counts)"
  }
}

extension ImportDocument.File {
  init(_ path: String, _ result: FileResult, seconds: Double, rejectedFile: String?) {
    file = path
    rows = result.rows
    added = result.count.added
    changed = result.count.changed
    unchanged = result.count.unchanged
    self.seconds = (seconds * 1000).rounded() / 1000
    rowsPerSecond = seconds > 0 ? Int(Double(result.rows) / seconds) : 0
    self.rejectedFile = rejectedFile
    unpriced = result.unpriced
    untaxed = result.untaxed
    movedDays = result.movedDays
    lines +=
      (unpriced?.lines ?? []) + untaxed.lines + movedDays.lines
      + result.warnings
    take(result.faults)
    if rejected * 2 > rows {
      lines.append(
        "\(path): more than half of its rows were rejected; is it the right file?")
    }
  }

  init(_ path: String, _ fault: FileFault) {
    file = path
    problem = "\(fault)"
    lines = ["\(fault)"]
  }

  init(_ bad: BadRows) {
    file = bad.file
    let more = take(bad.faults)
    let count = bad.faults.count
    let what = count == 1 ? "1 bad row" : "\(grouped(count)) bad rows"
    let limit =
      bad.faults.isTooLong ? "; this is not the right kind of file, reading stopped" : ""
    let who = bad.byLedger ? " (refused by the ledger)" : ""
    problem = "\(bad.file): \(what)\(who), nothing was imported\(limit)"
    lines =
      badRows.map { row in
        let alike = row.rows.map { " (\(grouped($0)) rows)" } ?? ""
        return "\(FileFault(file, line: row.line, column: row.column, row.reason))\(alike)"
      } + (more > 0 ? ["… and \(grouped(more)) more"] : []) + [problem ?? ""]
    if limit.isEmpty {
      lines.append("--skip-bad keeps the good rows and writes the others to \(file).rejected.csv")
    }
  }

  /// Nothing was kept of it, or little.
  var isBad: Bool { problem != nil || rejected * 2 > rows }

  /// How many faults are not among the rows listed.
  @discardableResult
  private mutating func take(_ faults: FaultList) -> Int {
    rejected = faults.count
    let (rows, more) = faults.listed
    badRows = rows.map {
      .init(
        line: $0.row.line, column: $0.row.column, reason: $0.row.reason,
        rows: $0.alike > 1 ? $0.alike : nil)
    }
    return more
  }

  /// Problems are always shown to people, even if a program reads the result.
  func tell(_ output: Output) {
    for line in lines { output.noteLine(printable(line)) }
    if let rejectedFile {
      output.noteLine("\(grouped(rejected)) rejected, with reasons in \(rejectedFile)")
    }
  }
}

/// Months that were invoiced before an account's dates were changed. Invoices do not follow such
/// changes automatically.
struct MovedDaysDocument: Encodable {
  struct Month: Encodable, Equatable {
    var account: String
    var period: String
    var invoicedDays: Int
    var daysNow: Int
    var daysOfMonth: Int
  }

  var count = 0
  /// The first of them.
  var months: [Month] = []

  init() {}

  init(_ moved: MovedDays) {
    count = moved.count
    months = moved.first.map {
      Month(
        account: $0.account, period: $0.period.description, invoicedDays: $0.invoiced.active,
        daysNow: $0.now.active, daysOfMonth: $0.now.ofMonth)
    }
  }

  /// Empty when there are none.
  var lines: [String] {
    let more = count - months.count
    return months.map(\.line)
      + (more > 0 ? ["warning: \(grouped(more)) more months are invoiced with other days"] : [])
  }
}

extension MovedDaysDocument.Month {
  fileprivate var line: String {
    let remedy =
      daysNow < invoicedDays
      ? "grant a credit if appropriate" : "the other days are not charged"
    return
      "warning: \(account): \(period) is invoiced with \(invoicedDays) of \(daysOfMonth) days, "
      + "but would now have \(daysNow); \(remedy)"
  }
}
