/// A table for other programs: RFC 4180 as everywhere here, plain figures, no formula for a
/// spreadsheet.
struct CSVAnswer {
  private(set) var lines: [String]

  init(_ columns: [String]) { lines = [Self.line(columns)] }

  mutating func add(_ fields: [String]) { lines.append(Self.line(fields)) }

  /// Without the last line end, which the answer adds.
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
