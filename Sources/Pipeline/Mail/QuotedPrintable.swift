/// RFC 2045, section 6.7: lines of at most 76 characters, CRLF between them, everything that could
/// be changed on the way written as `=XX`.
enum QuotedPrintable {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func append(_ text: String, to out: inout [UInt8]) {
    let bytes = Array(text.utf8)
    var column = 0
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == 0x0D, at < bytes.count, bytes[at] == 0x0A { continue }
      if byte == 0x0A {
        newLine(&out, &column)
        continue
      }
      let isLast = at == bytes.count || bytes[at] == 0x0A || bytes[at] == 0x0D
      let isPlain = plain(byte, isLast: isLast, isFirst: column == 0)
      // One place on every line is kept for the "=" of a soft break.
      if column + (isPlain ? 1 : 3) > 75 {
        out.append(UInt8(ascii: "="))
        newLine(&out, &column)
      }
      if isPlain {
        out.append(byte)
        column += 1
      } else {
        out.append(UInt8(ascii: "="))
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
        column += 3
      }
    }
    if column > 0 { newLine(&out, &column) }
  }

  /// A space at a line's end gets lost on the way, a dot at its start has a meaning in SMTP.
  private static func plain(_ byte: UInt8, isLast: Bool, isFirst: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "="): false
    case UInt8(ascii: "."): !isFirst
    case 0x20, 0x09: !isLast
    default: 0x21...0x7E ~= byte
    }
  }

  private static func newLine(_ out: inout [UInt8], _ column: inout Int) {
    out.append(0x0D)
    out.append(0x0A)
    column = 0
  }
}
