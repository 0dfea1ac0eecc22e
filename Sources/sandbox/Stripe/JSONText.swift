/// JSON written straight into bytes, in call order: an answer is made for every request.
struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init(capacity: Int = 1_200) { bytes.reserveCapacity(capacity) }

  static func document(_ fill: (inout JSONText) -> Void) -> [UInt8] {
    var json = JSONText()
    json.object(nil, fill)
    return json.bytes
  }

  mutating func object(_ name: StaticString? = nil, _ fill: (inout JSONText) -> Void) {
    begin(name, "{")
    fill(&self)
    end("}")
  }

  mutating func array(_ name: StaticString? = nil, _ fill: (inout JSONText) -> Void) {
    begin(name, "[")
    fill(&self)
    end("]")
  }

  mutating func field(_ name: StaticString, _ value: String?) {
    self.name(name)
    if let value { quoted(value) } else { plain("null") }
    needsComma = true
  }

  mutating func field(_ name: String, _ value: String) {
    comma()
    quoted(name)
    plain(":")
    quoted(value)
    needsComma = true
  }

  mutating func field(_ name: String, _ value: Int) {
    comma()
    quoted(name)
    plain(":\(value)")
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: Int64) {
    self.name(name)
    plain(String(value))
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: Bool) {
    self.name(name)
    plain(value ? "true" : "false")
    needsComma = true
  }

  /// A value that is JSON already.
  mutating func raw(_ name: StaticString, _ json: String) {
    self.name(name)
    plain(json)
    needsComma = true
  }

  mutating func item(_ value: String) {
    comma()
    quoted(value)
    needsComma = true
  }

  private mutating func begin(_ name: StaticString?, _ bracket: String) {
    if let name { self.name(name) } else { comma() }
    plain(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: String) {
    plain(bracket)
    needsComma = true
  }

  private mutating func comma() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func name(_ name: StaticString) {
    comma()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func plain(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func quoted(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        plain("\\u00")
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
