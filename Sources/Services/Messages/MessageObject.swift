import Billing
import JSON

/// An object of a checked document with its place, read field by field. Each read states what it
/// expects, so that a fault can name the place, the expectation and what was found.
struct MessageObject {
  let document: JSONDocument
  let node: Int
  /// Empty for the message itself, else `data.snapshot`.
  let path: String

  /// Names, ids and references: long enough for any, short enough for an AMQP `message-id`.
  static let maxTextBytes = 255

  func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func has(_ key: String) -> Bool { document.member(of: node, key) != nil }

  private func need<Value>(_ value: Value?, _ key: String) throws(MessageFault) -> Value {
    guard let value else { throw .missing(place(key)) }
    return value
  }

  func invalid(_ key: String, _ index: Int, expected: String) -> MessageFault {
    .invalid(place: place(key), expected: expected, found: document.found(index))
  }

  // MARK: Objects

  func object(_ key: String, at path: String) throws(MessageFault) -> MessageObject? {
    guard let index = document.member(of: node, key) else { return nil }
    guard document.nodes[index].kind == .object else {
      throw invalid(key, index, expected: "an object")
    }
    return MessageObject(document: document, node: index, path: path)
  }

  /// All members, for objects whose keys are data.
  func integers() throws(MessageFault) -> [String: Int] {
    var result: [String: Int] = [:]
    var at = node + 1
    while at < Int(document.nodes[node].next) {
      let key = document.text(at)
      result[key] = Int(try integer(key))
      at = Int(document.nodes[Int(document.nodes[at].next)].next)
    }
    return result
  }

  // MARK: Text

  /// 1 to `max` bytes without control characters.
  func optionalText(_ key: String, max: Int = maxTextBytes) throws(MessageFault) -> String? {
    guard let index = document.member(of: node, key) else { return nil }
    guard document.nodes[index].kind == .string else {
      throw invalid(key, index, expected: "a string")
    }
    let text = document.text(index)
    guard Self.isText(text, max: max) else {
      throw invalid(key, index, expected: "1 to \(max) bytes without control characters")
    }
    return text
  }

  static func isText(_ text: String, max: Int = maxTextBytes) -> Bool {
    let utf8 = text.utf8
    return !utf8.isEmpty && utf8.count <= max && utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  func text(_ key: String) throws(MessageFault) -> String {
    try need(try optionalText(key), key)
  }

  // MARK: Numbers and truth

  /// A whole number written as one: no fraction, no exponent, no quotes.
  func integer(
    _ key: String, in range: ClosedRange<Int64> = .min ... .max
  ) throws(MessageFault) -> Int64 {
    let index = try need(document.member(of: node, key), key)
    guard document.nodes[index].kind == .number, let value = Self.integer(document.bytes(index)),
      range.contains(value)
    else {
      let bounds = range == .min ... .max ? "" : " from \(range.lowerBound)"
      throw invalid(key, index, expected: "a whole number of 64 bits\(bounds)")
    }
    return value
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> Int64? {
    let isNegative = bytes.first == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in isNegative ? bytes.dropFirst() : bytes {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = tenfold.addingReportingOverflow(isNegative ? -digit : digit)
      if overflow || overflow2 { return nil }
      value = sum
    }
    return value
  }

  func boolean(_ key: String) throws(MessageFault) -> Bool {
    try need(try optionalBoolean(key), key)
  }

  func optionalBoolean(_ key: String) throws(MessageFault) -> Bool? {
    guard let index = document.member(of: node, key) else { return nil }
    switch document.nodes[index].kind {
    case .yes: return true
    case .no: return false
    default: throw invalid(key, index, expected: "true or false")
    }
  }

  // MARK: Values of the field

  /// A string that `make` turns into a value.
  func optional<Value>(
    _ key: String, _ expected: String, _ make: (String) -> Value?
  ) throws(MessageFault) -> Value? {
    guard let index = document.member(of: node, key) else { return nil }
    guard document.nodes[index].kind == .string, let value = make(document.text(index)) else {
      throw invalid(key, index, expected: expected)
    }
    return value
  }

  func value<Value>(
    _ key: String, _ expected: String, _ make: (String) -> Value?
  ) throws(MessageFault) -> Value {
    try need(try optional(key, expected, make), key)
  }

  func optionalTime(_ key: String) throws(MessageFault) -> Instant? {
    guard let index = document.member(of: node, key) else { return nil }
    guard document.nodes[index].kind == .string, !document.nodes[index].isEscaped,
      let time = document.bytes(index).withUnsafeBufferPointer({ Instant(utf8: $0) })
    else { throw invalid(key, index, expected: "an RFC 3339 time") }
    return time
  }

  func time(_ key: String) throws(MessageFault) -> Instant {
    try need(try optionalTime(key), key)
  }

  func optionalPeriod(_ key: String) throws(MessageFault) -> Period? {
    // The initialiser's error says no more than the fault does.
    try optional(key, "a period as 2026-11") { try? Period($0) }
  }
}
