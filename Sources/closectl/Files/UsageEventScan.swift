import Billing
import Ledger

/// Reads the plain kind of usage event straight from its bytes, twenty times as fast as a JSON
/// decoder: ASCII, no escapes, no duplicate keys, nothing nested but `data`, other attributes
/// texts. It returns `nil` for everything else, valid or not, and leaves it to the decoder. It may
/// therefore only accept what the decoder would accept, with the same outcome.
struct UsageEventScan {
  private enum Key: Int {
    case specversion, id, type, source, subject, time, data
    case value, metric, start, end
    static let count = 11

    /// Grouped by where they may appear: at the top level or in `data`.
    static func named(_ name: FieldBytes, inData: Bool) -> Key? {
      let names = inData ? dataNames : topNames
      return names.first { $0.name.elementsEqual(name) }?.key
    }
    private static let topNames: [(name: [UInt8], key: Key)] = [
      (Array("specversion".utf8), .specversion), (Array("id".utf8), .id),
      (Array("type".utf8), .type), (Array("source".utf8), .source),
      (Array("subject".utf8), .subject), (Array("time".utf8), .time),
      (Array("data".utf8), .data),
    ]
    private static let dataNames: [(name: [UInt8], key: Key)] = [
      (Array("value".utf8), .value), (Array("metric".utf8), .metric),
      (Array("start".utf8), .start), (Array("end".utf8), .end),
    ]
  }

  private let text: FieldBytes
  private var index = 0
  /// Where each value begins and ends; an end of 0 means that it is absent.
  private var places = [(start: Int, end: Int)](repeating: (0, 0), count: Key.count)
  private var seen: UInt16 = 0
  /// Names of other attributes, on top and in `data`.
  private var others: [(inData: Bool, start: Int, end: Int)] = []

  private init(_ text: FieldBytes) { self.text = text }

  static func row(
    _ text: FieldBytes, line: Int, names: UsageNames
  ) -> UsageRow? {
    var scan = UsageEventScan(text)
    guard scan.object(inData: false), scan.skipSpace() == nil else { return nil }
    return scan.row(line: line, names)
  }

  private func row(line: Int, _ names: UsageNames) -> UsageRow? {
    guard let version = field(.specversion), version.elementsEqual("1.0".utf8),
      let source = name(field(.source), UsageEvents.longestSource, names.sources),
      let id = field(.id), identifierFault(id, longest: UsageTable.longestEventID) == nil,
      let account = name(field(.subject), UsageTable.longestAccountID, names.accounts),
      let type = field(.type),
      let metric = name(field(.metric) ?? type, UsageTable.longestMetric, names.metrics),
      let digits = field(.value), let quantity = ExactDecimal(utf8: digits),
      quantity.stored != nil,
      let first = field(.start) ?? field(.time), let start = Instant(utf8: first),
      let end = field(.end).map({ Instant(utf8: $0) }) ?? start, start <= end
    else { return nil }
    // A time that is present must be valid, even if it is not needed.
    if let time = field(.time), Instant(utf8: time) == nil { return nil }
    return UsageRow(
      eventID: String(decoding: id, as: UTF8.self), account: account, metric: metric,
      quantity: quantity, start: start, end: UsageSpan.end(end, of: start), line: line,
      source: source)
  }

  private func field(_ key: Key) -> FieldBytes? {
    let (start, end) = places[key.rawValue]
    return end > 0 ? FieldBytes(rebasing: text[start..<end]) : nil
  }

  private func name(_ field: FieldBytes?, _ longest: Int, _ cache: StringInterner) -> String? {
    guard let field else { return nil }
    if let known = cache.find(field) { return known }
    return identifierFault(field, longest: longest) == nil ? cache.add(field) : nil
  }

  // MARK: Reading; each returns false for what it does not accept

  private mutating func skipSpace() -> UInt8? {
    while index < text.count {
      let byte = text[index]
      if byte != 0x20 && byte != 0x09 { return byte }
      index += 1
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard skipSpace() == byte else { return false }
    index += 1
    return true
  }

  private mutating func object(inData: Bool) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    while true {
      guard let name = string(), take(UInt8(ascii: ":")) else { return false }
      let key = Key.named(FieldBytes(rebasing: text[name.start..<name.end]), inData: inData)
      if let key {
        guard isFirst(key), value(of: key) else { return false }
      } else if !isFirst(name, inData: inData) || string() == nil {
        return false
      }
      if take(UInt8(ascii: "}")) { return true }
      guard take(UInt8(ascii: ",")) else { return false }
    }
  }

  private mutating func isFirst(_ key: Key) -> Bool {
    let bit = UInt16(1) << UInt16(key.rawValue)
    defer { seen |= bit }
    return seen & bit == 0
  }

  private mutating func isFirst(_ name: (start: Int, end: Int), inData: Bool) -> Bool {
    let bytes = text[name.start..<name.end]
    let isKnown = others.contains {
      $0.inData == inData && text[$0.start..<$0.end].elementsEqual(bytes)
    }
    others.append((inData, name.start, name.end))
    return !isKnown
  }

  private mutating func value(of key: Key) -> Bool {
    if key == .data { return object(inData: true) }
    if key == .value, skipSpace() != UInt8(ascii: "\"") { return number() }
    guard let place = string() else { return false }
    places[key.rawValue] = place
    return true
  }

  /// Without an exponent: the decoder knows what to do with one.
  private mutating func number() -> Bool {
    let start = index
    var digits = index
    if digits < text.count, text[digits] == UInt8(ascii: "-") { digits += 1 }
    while index < text.count, "-.0123456789".utf8.contains(text[index]) { index += 1 }
    guard digits < index else { return false }
    // JSON has no leading zeros and no bare points.
    if text[digits] == UInt8(ascii: "0"), digits + 1 < index, text[digits + 1] != 0x2e {
      return false
    }
    guard text[digits] != 0x2e, text[index - 1] != 0x2e else { return false }
    places[Key.value.rawValue] = (start, index)
    return true
  }

  private mutating func string() -> (start: Int, end: Int)? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = index
    while index < text.count {
      let byte = text[index]
      if byte == UInt8(ascii: "\"") {
        index += 1
        // Refusing an empty text is left to the decoder.
        return index - 1 > start ? (start, index - 1) : nil
      }
      if byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "\\") { return nil }
      index += 1
    }
    return nil
  }
}
