/// RFC 2045, section 6.7: lines of at most 76 characters, CRLF between them, everything that could
/// be changed on the way written as `=XX`.
enum QuotedPrintable {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func append(_ text: String, to out: inout [UInt8]) {
    var text = text
    text.withUTF8 { append($0, to: &out) }
  }

  private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
    var column = 0
    var at = 0
    while at < bytes.count {
      let run = plainRun(bytes, from: at, atMost: lineLimit - column)
      if run > 0 {
        out.append(contentsOf: bytes[at..<(at + run)])
        at += run
        column += run
        continue
      }
      let byte = bytes[at]
      at += 1
      if byte == 0x0D, at < bytes.count, bytes[at] == 0x0A { continue }
      if byte == 0x0A {
        newLine(&out, &column)
        continue
      }
      let isLast = at == bytes.count || bytes[at] == 0x0A || bytes[at] == 0x0D
      var isPlain = plain(byte, isLast: isLast, isFirst: column == 0)
      if column + (isPlain ? 1 : 3) > lineLimit {
        out.append(UInt8(ascii: "="))
        newLine(&out, &column)
        isPlain = plain(byte, isLast: isLast, isFirst: true)
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

  /// One place on every line is kept for the "=" of a soft break.
  private static let lineLimit = 75

  /// Bytes that need no encoding anywhere. A space at the end of a run is left to the caller, which
  /// sees what follows.
  private static func plainRun(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, atMost limit: Int
  ) -> Int {
    let end = min(start + limit, bytes.count)
    var at = start
    while at < end {
      let byte = bytes[at]
      guard 0x20...0x7E ~= byte, byte != UInt8(ascii: "="), byte != UInt8(ascii: ".") else { break }
      at += 1
    }
    while at > start, bytes[at - 1] == 0x20 { at -= 1 }
    return at - start
  }

  /// A space at the end of a line may get lost in transit; a dot at its start has a meaning in
  /// SMTP.
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
