import Ledger

/// The header line of a table: the position of each known column. Order, capitals and spaces do not
/// matter. Every column except the optional ones is required, none may appear twice, and an unknown
/// column is an error, because it is usually a typing mistake. `reason` is skipped: rejected rows
/// carry it, and may be imported again once corrected.
struct CSVColumns {
  static let ignored = "reason"

  /// Known columns in their own order.
  let names: [String]
  /// For each needed column, the number of its field.
  let places: [Int]
  /// For each optional column (the last of the names), the number of its field; `nil` if absent.
  let optionalPlaces: [Int?]
  /// As they stand in the file.
  let header: [String]

  init(
    _ needed: [String], optional: [String] = [], kind: String, reader: CSVReader, path: String
  ) throws {
    let names = needed + optional
    let header = try Self.header(reader, kind: kind, names: needed, path: path)
    if header.contains(where: { $0.utf8.contains(Self.carriageReturn) }) {
      throw FileFault(path, line: reader.line, Self.onlyReturns)
    }
    self.names = names
    self.header = header
    let written = header.map(Self.normalised)
    for (place, name) in written.enumerated() {
      guard let first = written[..<place].firstIndex(of: name) else { continue }
      let what =
        header[first] == header[place]
        ? "column \(quoted(header[place])) appears twice"
        : "columns \(quoted(header[first])) and \(quoted(header[place])) are the same"
      throw FileFault(path, line: reader.line, what)
    }
    let missing = needed.filter { !written.contains($0) }
    guard missing.isEmpty else {
      throw FileFault(
        path, line: reader.line,
        "not \(kind) file: missing \(missing.count == 1 ? "column" : "columns") "
          + "\(missing.joined(separator: ", ")); found \(Self.list(header))"
          + Self.hint(header))
    }
    if let unknown = written.firstIndex(where: { !names.contains($0) && $0 != Self.ignored }) {
      throw FileFault(
        path, line: reader.line,
        "unknown column \(quoted(header[unknown])); \(kind) file has "
          + needed.joined(separator: ", ")
          + (optional.isEmpty ? "" : ", and may have \(optional.joined(separator: ", "))"))
    }
    places = needed.map { name in written.firstIndex(of: name)! }
    optionalPlaces = optional.map { name in written.firstIndex(of: name) }
  }

  /// As the name of a known column is written: `Account ID ` is `account_id`.
  static func normalised(_ name: String) -> String {
    name.lowercased().split { $0.isWhitespace || $0 == "_" || $0 == "-" }.joined(separator: "_")
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
    case .record where reader.isBlank:
      return try header(reader, kind: kind, names: names, path: path)
    case .record:
      return (0..<reader.fieldCount).map { String(decoding: reader.field($0), as: UTF8.self) }
    case .malformed where reader.raw.first == UInt8(ascii: "{"):
      throw FileFault(
        path, line: reader.line,
        "contains JSON; CloudEvents are read, one per line, from files named .jsonl or .ndjson")
    case .malformed where reader.raw.contains(carriageReturn):
      throw FileFault(path, line: reader.line, onlyReturns)
    case .malformed(_, let reason):
      throw FileFault(path, line: reader.line, "the header line \(reason)")
    case .end:
      throw FileFault(
        path, "is empty; \(kind) file begins with the line \(names.joined(separator: ","))")
    }
  }

  /// Written by old Macintosh programs: to all others the file is a single line.
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let onlyReturns = "lines end in CR alone: save the file with LF or CRLF"

  /// For columns separated by a character we do not support.
  private static func hint(_ header: [String]) -> String {
    guard header.count == 1, let other = header[0].first(where: { "|:^~".contains($0) })
    else { return "" }
    return "; columns are separated by \"\(other)\", expected \",\", \";\" or a tab"
  }

  private static func list(_ header: [String]) -> String {
    let first = header.prefix(6).map { quoted($0) }.joined(separator: ", ")
    return header.count > 6 ? "\(first) and \(header.count - 6) more" : first
  }
}

/// The separator between columns. RFC 4180 uses a comma; spreadsheets in many countries write
/// semicolons, and text copied out of one has tabs.
enum ColumnSeparator {
  static let comma = UInt8(ascii: ",")
  static let known: [UInt8] = [comma, UInt8(ascii: ";"), UInt8(ascii: "\t")]

  /// As shown to people.
  static func name(_ separator: UInt8) -> String {
    separator == UInt8(ascii: "\t") ? "tabs" : "\"\(Character(Unicode.Scalar(separator)))\""
  }

  /// The separator named by a line like `sep=;`. A program that does not know such lines saves it
  /// as a row: in quotes, or followed by separators, which are then the ones in use.
  static func named(by line: FieldBytes) -> UInt8? {
    let quote = UInt8(ascii: "\"")
    var rest = line[...]
    let isQuoted = rest.first == quote
    if isQuoted { rest.removeFirst() }
    guard rest.prefix(4).map({ $0 | 0x20 }).elementsEqual("sep=".utf8),
      let named = rest.dropFirst(4).first, known.contains(named)
    else { return nil }
    rest = rest.dropFirst(5)
    if isQuoted {
      guard rest.first == quote else { return nil }
      rest.removeFirst()
    }
    guard let behind = rest.first else { return named }
    return known.contains(behind) && rest.allSatisfy { $0 == behind } ? behind : nil
  }

  /// The one that occurs most often in the header line. No column name contains any of them.
  static func found(in header: FieldBytes) -> UInt8 {
    let counts = known.map { separator in header.count { $0 == separator } }
    let most = counts.max() ?? 0
    return zip(known, counts).first { $0.1 == most }?.0 ?? comma
  }
}
