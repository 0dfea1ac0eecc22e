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
