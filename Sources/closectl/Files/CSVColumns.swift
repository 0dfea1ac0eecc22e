import Ledger

/// The header line of a table: where each known column is. Any order; every column is needed, none
/// may be there twice, and a column nobody knows is an error, because it is most often a typing
/// mistake. `reason` is passed over: rejected rows carry it, and may come back corrected.
struct CSVColumns {
  static let ignored = "reason"

  /// Known columns in their own order.
  let names: [String]
  /// For each known column, the number of its field.
  let places: [Int]
  /// As they stand in the file.
  let header: [String]

  init(_ names: [String], kind: String, reader: CSVReader, path: String) throws {
    let header = try Self.header(reader, kind: kind, names: names, path: path)
    self.names = names
    self.header = header
    for (place, name) in header.enumerated() where header[..<place].contains(name) {
      throw FileFault(path, line: reader.line, "column \(quoted(name)) is there twice")
    }
    let missing = names.filter { !header.contains($0) }
    guard missing.isEmpty else {
      throw FileFault(
        path, line: reader.line,
        "not \(kind) file: missing \(missing.count == 1 ? "column" : "columns") "
          + "\(missing.joined(separator: ", ")); found \(Self.list(header))")
    }
    if let unknown = header.first(where: { !names.contains($0) && $0 != Self.ignored }) {
      throw FileFault(
        path, line: reader.line,
        "unknown column \(quoted(unknown)); \(kind) file has \(names.joined(separator: ", "))")
    }
    places = names.map { name in header.firstIndex(of: name)! }
  }

  func fault(_ line: Int, _ column: Int, _ reason: String) -> RefusedRow {
    RefusedRow(line: line, column: names[column], reason: reason)
  }

  /// A fault the reader found: `field` counts the fields of the file.
  func fault(_ line: Int, field: Int?, _ reason: String) -> RefusedRow {
    let name = field.flatMap { $0 < header.count ? header[$0] : nil }
    return RefusedRow(line: line, column: name ?? "row", reason: reason)
  }

  func countFault(_ reader: CSVReader) -> RefusedRow? {
    guard reader.fieldCount != header.count else { return nil }
    return RefusedRow(
      line: reader.line, column: "row",
      reason: "has \(reader.fieldCount) fields, the header has \(header.count)")
  }

  private static func header(
    _ reader: CSVReader, kind: String, names: [String], path: String
  ) throws -> [String] {
    switch try reader.next() {
    case .record:
      return (0..<reader.fieldCount).map { String(decoding: reader.field($0), as: UTF8.self) }
    case .malformed(_, let reason):
      throw FileFault(path, line: reader.line, "the header line \(reason)")
    case .end:
      throw FileFault(
        path, "is empty; \(kind) file begins with the line \(names.joined(separator: ","))")
    }
  }

  private static func list(_ header: [String]) -> String {
    let first = header.prefix(6).map { quoted($0) }.joined(separator: ", ")
    return header.count > 6 ? "\(first) and \(header.count - 6) more" : first
  }
}
