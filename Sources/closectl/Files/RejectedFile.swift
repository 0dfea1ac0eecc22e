import Glibc
import Ledger

/// The rows that were not kept, as `FILE.rejected.csv` beside the file: the reason first, then the
/// row as it was. Corrected, it can be imported as it is. Only its owner may read it, since it
/// holds customers' data. A field that a spreadsheet would take for a formula gets an apostrophe in
/// front.
struct RejectedFile {
  let source: String
  var path: String { source + ".rejected.csv" }

  /// Reads the source again and copies the rows `refused` names by line. The file appears whole or
  /// not at all.
  func write(_ refused: [RefusedRow]) throws {
    var reasons: [Int: String] = [:]
    for row in refused {
      let reason = "\(row.column): \(row.reason)"
      reasons[row.line] = reasons[row.line].map { "\($0); \(reason)" } ?? reason
    }
    let target = try OutputFile(path)
    if UsageFeed.holdsEvents(source) {
      try copyLines(reasons, to: target)
    } else {
      try copyRecords(reasons, to: target)
    }
    try target.finish()
  }

  private func copyRecords(_ reasons: [Int: String], to target: OutputFile) throws {
    let reader = CSVReader(try FileBytes(source))
    guard case .record = try firstRecord(reader) else { return }
    var header = (0..<reader.fieldCount).map { Array(reader.field($0)) }
    // A corrected file that is rejected again has the column already.
    let passed = header.firstIndex {
      CSVColumns.normalised(String(decoding: $0, as: UTF8.self)) == CSVColumns.ignored
    }
    // The same as in the source, because the meaning of a number may depend on it.
    let separator = reader.separator
    if let passed { header.remove(at: passed) }
    try target.write(record: [Array(CSVColumns.ignored.utf8)] + header, separator: separator)
    while true {
      let step = try reader.next()
      if step == .end { return }
      guard let reason = reasons[reader.line] else { continue }
      var fields = [Array(reader.raw)]
      if step == .record {
        fields = (0..<reader.fieldCount).map { Array(reader.field($0)) }
        if let passed, passed < fields.count { fields.remove(at: passed) }
      }
      try target.write(record: [Array(reason.utf8)] + fields, separator: separator)
    }
  }

  private func firstRecord(_ reader: CSVReader) throws -> CSVReader.Step {
    while true {
      let step = try reader.next()
      if step != .record || !reader.isBlank { return step }
    }
  }

  private func copyLines(_ reasons: [Int: String], to target: OutputFile) throws {
    let window = LineBuffer(try FileBytes(source), longestLine: UsageEvents.longestLine)
    try target.write(record: [Array(CSVColumns.ignored.utf8), Array("event".utf8)])
    var line = 0
    while true {
      let row: [UInt8]
      line += 1
      switch try window.line() {
      case .end: return
      case .tooLong:
        row = Array(UnsafeBufferPointer(start: window.bytes + window.position, count: 256))
        while case .tooLong = try window.line() { window.drop(UsageEvents.longestLine) }
        if case .line(let end) = try window.line() { window.advance(past: end) }
      case .line(let end):
        let start = window.position
        let count = window.withoutReturn(start, end) - start
        row = Array(UnsafeBufferPointer(start: window.bytes + start, count: count))
        window.advance(past: end)
      }
      if let reason = reasons[line] {
        try target.write(record: [Array(reason.utf8), row])
      }
    }
  }
}
