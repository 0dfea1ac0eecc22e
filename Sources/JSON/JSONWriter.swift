/// Writes JSON into bytes in the order of the calls; a caller who wants sorted keys keeps them so.
/// Absent values are left out.
///
/// For what is written again and again: events, answers, reports. A document of `closectl` is an
/// `Encodable` value for `JSONEncoder`. A log line escapes more than JSON requires, so that no
/// terminal obeys it, and writes its own.
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []
  private var isFirst = true

  public init() { bytes.reserveCapacity(1024) }

  /// One object.
  public static func document(_ members: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
    var writer = JSONWriter()
    try writer.object(nil, members)
    return writer.bytes
  }

  public mutating func object(_ key: String? = nil, _ members: (inout JSONWriter) throws -> Void)
    rethrows
  {
    begin(key)
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
    try members(&self)
    bytes.append(UInt8(ascii: "}"))
    isFirst = false
  }

  public mutating func array(_ key: String, _ elements: (inout JSONWriter) throws -> Void) rethrows
  {
    begin(key)
    bytes.append(UInt8(ascii: "["))
    isFirst = true
    try elements(&self)
    bytes.append(UInt8(ascii: "]"))
    isFirst = false
  }

  /// A text in an array.
  public mutating func element(_ value: String) {
    begin(nil)
    string(value)
  }

  public mutating func integer(_ key: String, _ value: Int64) {
    begin(key)
    guard value != 0 else { return bytes.append(UInt8(ascii: "0")) }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = value.magnitude
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    bytes[start...].reverse()
  }

  public mutating func boolean(_ key: String, _ value: Bool) {
    begin(key)
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  public mutating func text(_ key: String, _ value: String?) {
    guard let value else { return }
    begin(key)
    string(value)
  }

  public mutating func null(_ key: String) {
    begin(key)
    bytes.append(contentsOf: "null".utf8)
  }

  /// A value that is JSON already.
  public mutating func raw(_ key: String, _ json: String) {
    begin(key)
    bytes.append(contentsOf: json.utf8)
  }

  private mutating func begin(_ key: String?) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    guard let key else { return }
    string(key)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Escapes what RFC 8259 requires; everything else stays UTF-8.
  private mutating func string(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    let mustEscape = value.utf8.contains {
      $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
    }
    if mustEscape {
      for byte in value.utf8 { escape(byte) }
    } else {
      bytes.append(contentsOf: value.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0..<0x20:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(Self.digits[Int(byte >> 4)])
      bytes.append(Self.digits[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)
}
