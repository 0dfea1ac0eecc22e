/// Rows of text in aligned columns.
struct Table {
  enum Alignment { case left, right }

  struct Column {
    var title: String
    var alignment: Alignment
    init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  var columns: [Column]
  var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ row: String...) { rows.append(row) }

  /// Two spaces between columns, none at the end of a line. Titles are left out when all are empty.
  func lines(style: Style = .plain) -> [String] {
    var shown = rows.map { $0.map(printable) }
    let hasTitles = columns.contains { !$0.title.isEmpty }
    if hasTitles { shown.insert(columns.map(\.title), at: 0) }
    let widths = columns.indices.map { column in
      shown.map { column < $0.count ? width(of: $0[column]) : 0 }.max() ?? 0
    }
    return shown.enumerated().map { index, row in
      let line = zip(row, columns.indices).map { cell, column in
        padded(cell, to: widths[column], columns[column].alignment)
      }.joined(separator: "  ")
      let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
      let text = String(line[..<end])
      return index == 0 && hasTitles ? style.bold(text) : text
    }
  }
}

func padded(_ text: String, to width: Int, _ alignment: Table.Alignment = .left) -> String {
  let fill = String(repeating: " ", count: max(0, width - closectl.width(of: text)))
  return alignment == .left ? text + fill : fill + text
}

/// Cells of a terminal: combining marks take none, East Asian wide characters and emoji two.
func width(of text: String) -> Int {
  text.reduce(0) { sum, character in
    guard let scalar = character.unicodeScalars.first else { return sum }
    return sum + scalar.cells
  }
}

/// Without anything that controls a terminal: escape sequences, line ends, bidirectional marks.
func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: \.isControl) else { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars { result.append(scalar.isControl ? "\u{fffd}" : scalar) }
  return String(result)
}

extension Unicode.Scalar {
  fileprivate var cells: Int {
    switch value {
    case 0x300...0x36f, 0x200b...0x200f, 0xfe00...0xfe0f: 0
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}

/// A table for other programs: RFC 4180 as everywhere here, plain figures, no formula for a
/// spreadsheet.
struct CSVOutput {
  private(set) var lines: [String]

  init(_ columns: [String]) { lines = [Self.line(columns)] }

  mutating func add(_ fields: [String]) { lines.append(Self.line(fields)) }

  /// Without the last line end, which `printLine` adds.
  var text: [String] { [lines.joined(separator: "\r\n") + "\r"] }

  private static func line(_ fields: [String]) -> String {
    String(
      decoding: Array(
        fields.map { escaped(Array($0.utf8)) }.joined(separator: [UInt8(ascii: ",")])),
      as: UTF8.self)
  }
}

/// `12345.30`, the currency is in a column of its own.
func plainDecimal(_ amountMinor: Int64, _ code: String) -> String {
  String(plainMoney(amountMinor, code).prefix { $0 != " " })
}
