/// A log line in the making: `time level service message key=value …`, or one JSON object.
struct LogLine {
  private let format: LogFormat
  private var bytes: [UInt8] = []

  init(format: LogFormat) {
    self.format = format
    bytes.reserveCapacity(256)
  }

  /// Fields of every line come first; extras name their key in the text form too.
  mutating func field(_ key: String, _ value: String, isExtra: Bool = false) {
    switch format {
    case .json:
      bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
      quoted(key)
      bytes.append(UInt8(ascii: ":"))
      quoted(value)
    case .text:
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      guard isExtra else { return escaped(value) }
      escaped(key)
      bytes.append(UInt8(ascii: "="))
      if Self.isPlain(value) { bytes.append(contentsOf: value.utf8) } else { quoted(value) }
    }
  }

  mutating func finished() -> [UInt8] {
    if format == .json { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.unicodeScalars.allSatisfy {
        $0 != " " && $0 != "\"" && $0 != "=" && $0 != "\\" && !isControl($0)
      }
  }

  /// C0, DEL, C1, and what Unicode calls a line end: whatever a terminal or a log reader obeys.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x2028...0x2029 ~= scalar.value
      || 0x202A...0x202E ~= scalar.value || 0x2066...0x2069 ~= scalar.value
  }

  private mutating func quoted(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in value.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { bytes.append(UInt8(ascii: "\\")) }
      append(scalar)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escaped(_ value: String) {
    for scalar in value.unicodeScalars { append(scalar) }
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    guard Self.isControl(scalar) else {
      return bytes.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }
    let digits = String(scalar.value, radix: 16)
    bytes.append(contentsOf: "\\u".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
    bytes.append(contentsOf: digits.utf8)
  }
}
