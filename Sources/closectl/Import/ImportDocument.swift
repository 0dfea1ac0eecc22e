import Ledger

/// What became of each file.
struct ImportDocument: Encodable {
  struct BadRow: Encodable, Equatable {
    var line: Int
    var column: String
    var reason: String
  }

  struct File: Encodable {
    var file: String
    var rows = 0
    var added = 0
    var changed = 0
    var unchanged = 0
    /// Bad rows: all of them are counted, the first are told.
    var rejected = 0
    var badRows: [BadRow] = []
    /// Where the rejected rows were written, with `--skip-bad`.
    var rejectedFile: String?
    var seconds = 0.0
    var rowsPerSecond = 0
    /// Why nothing of the file was kept.
    var problem: String?
    /// The problem with its bad rows, for people.
    private var lines: [String] = []

    private enum CodingKeys: CodingKey {
      case file, rows, added, changed, unchanged, rejected, badRows, rejectedFile, seconds
      case rowsPerSecond, problem
    }
  }

  var kind: String
  var files: [File] = []

  init(kind: String) { self.kind = kind }
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
    take(result.refused, count: result.refused.count)
  }

  init(_ path: String, _ fault: FileFault) {
    file = path
    problem = "\(fault)"
    lines = ["\(fault)"]
  }

  init(_ bad: BadRows) {
    file = bad.file
    take(bad.rows, count: bad.count)
    let what = bad.count == 1 ? "1 bad row" : "\(grouped(bad.count)) bad rows"
    let limit =
      bad.count > FaultList.most
      ? "; that is no file of this kind, reading stopped" : ""
    let who = bad.byLedger ? " (refused by the ledger)" : ""
    problem = "\(bad.file): \(what)\(who), nothing of it was kept\(limit)"
    let more = bad.count - badRows.count
    lines =
      badRows.map { "\(FileFault(file, line: $0.line, column: $0.column, $0.reason))" }
      + (more > 0 ? ["… and \(grouped(more)) more"] : []) + [problem ?? ""]
    if limit.isEmpty {
      lines.append("--skip-bad keeps the good rows and writes the others to \(file).rejected.csv")
    }
  }

  private mutating func take(_ refused: [RefusedRow], count: Int) {
    rejected = count
    badRows = refused.sorted { $0.line < $1.line }.prefix(FaultList.shown).map {
      .init(line: $0.line, column: $0.column, reason: $0.reason)
    }
  }

  /// Problems go to people, whoever reads the answer.
  func tell(_ output: Output) {
    for line in lines { output.noteLine(printable(line)) }
    if let rejectedFile {
      output.noteLine("\(grouped(rejected)) rejected, with reasons in \(rejectedFile)")
    }
  }

  /// `nil` when nothing was kept.
  func line(_ kind: String) -> String? {
    guard problem == nil else { return nil }
    var counts =
      "\(grouped(added)) added, \(grouped(changed)) changed, \(grouped(unchanged)) as before"
    if rejected > 0 { counts += ", \(grouped(rejected)) rejected" }
    if kind == "catalog" { return "\(file): \(added > 0 ? "added" : "there already")" }
    let time = "\(grouped(rows)) rows in \(shortSeconds(seconds))"
    return "\(file): \(time) (\(grouped(rowsPerSecond)) rows/s): \(counts)"
  }
}
