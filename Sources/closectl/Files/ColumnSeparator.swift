/// What stands between the columns of a table. A comma, as RFC 4180 has it; spreadsheets of many
/// countries write semicolons, and what is copied out of one has tabs.
enum ColumnSeparator {
  static let comma = UInt8(ascii: ",")
  static let known: [UInt8] = [comma, UInt8(ascii: ";"), UInt8(ascii: "\t")]

  /// As people are told.
  static func name(_ separator: UInt8) -> String {
    separator == UInt8(ascii: "\t") ? "tabs" : "\"\(Character(Unicode.Scalar(separator)))\""
  }

  /// What a line like `sep=;` says. A program that does not know such lines saves it as a row: in
  /// quotes, or with separators behind. Those are then what columns are separated by.
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

  /// The one of which the header line has most. No column's name has any of them.
  static func found(in header: FieldBytes) -> UInt8 {
    let counts = known.map { separator in header.count { $0 == separator } }
    let most = counts.max() ?? 0
    return zip(known, counts).first { $0.1 == most }?.0 ?? comma
  }
}
