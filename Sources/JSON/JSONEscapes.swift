/// Backslash escapes inside JSON strings. `resolved` expects what `JSONScanner` has checked.
enum JSONEscapes {
  static func resolved(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var at = bytes.startIndex
    while at < bytes.endIndex {
      guard bytes[at] == UInt8(ascii: "\\") else {
        out.append(bytes[at])
        at += 1
        continue
      }
      if bytes[at + 1] == UInt8(ascii: "u") {
        at = appendScalar(bytes, at, to: &out)
      } else {
        out.append(single(bytes[at + 1]) ?? bytes[at + 1])
        at += 2
      }
    }
    return out
  }

  /// The byte a one-letter escape stands for; `nil`: there is no such escape.
  static func single(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
    default: nil
    }
  }

  /// The four hexadecimal digits from `at` on.
  static func unit(_ bytes: ArraySlice<UInt8>, _ at: Int) -> UInt32? {
    guard at + 4 <= bytes.endIndex else { return nil }
    var value: UInt32 = 0
    for byte in bytes[at..<(at + 4)] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private static func appendScalar(
    _ bytes: ArraySlice<UInt8>, _ at: Int, to out: inout [UInt8]
  ) -> Int {
    var value = unit(bytes, at + 2) ?? 0xFFFD
    var after = at + 6
    if 0xD800..<0xDC00 ~= value, let low = unit(bytes, at + 8) {
      value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      after = at + 12
    }
    out.append(contentsOf: Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8))
    return after
  }
}
