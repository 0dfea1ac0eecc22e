/// Lines of the plain text part, at most 78 columns wide as a terminal counts them.
enum MailTextLines {
  static let columns = 78
  static let noBreakSpace = "\u{A0}"

  /// Replaces each no-break space with an ordinary one.
  static func breakable(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      String(unsafeUninitializedCapacity: bytes.count) { out in
        var (read, written) = (0, 0)
        while read < bytes.count {
          if isNoBreakSpace(bytes, at: read) {
            out[written] = UInt8(ascii: " ")
            read += 2
          } else {
            out[written] = bytes[read]
            read += 1
          }
          written += 1
        }
        return written
      }
    }
  }

  /// Two bytes in UTF-8.
  private static func isNoBreakSpace(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    bytes[index] == 0xC2 && index + 1 < bytes.count && bytes[index + 1] == 0xA0
  }

  /// Breaks every line that is too long, between words where possible.
  static func wrapped(_ text: String, columns: Int = columns, indent: String = "") -> String {
    if isNarrow(text, columns) { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { wrappedLine($0, columns, indent) }.joined(separator: "\n")
  }

  /// The fast path, for nearly all text: ASCII only, and no line is too long.
  private static func isNarrow(_ text: String, _ columns: Int) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { bytes in
      var column = 0
      for byte in bytes {
        column = byte == UInt8(ascii: "\n") ? 0 : column + 1
        if byte >= 0x7F || column > columns { return false }
      }
      return true
    } ?? false
  }

  private static func wrappedLine(
    _ line: Substring, _ columns: Int, _ indent: String
  ) -> String {
    if width(line) <= columns { return String(line) }
    var lines: [String] = []
    var current = ""
    var used = 0
    func end() {
      lines.append(String(current.reversed().drop { $0 == " " }.reversed()))
      current = indent
      used = indent.count
    }
    for word in line.split(separator: " ", omittingEmptySubsequences: false) {
      let length = width(word)
      let isBegun = used > (lines.isEmpty ? 0 : indent.count)
      if isBegun, used + 1 + length > columns, length <= columns - indent.count { end() }
      if used > (lines.isEmpty ? 0 : indent.count) {
        current += " "
        used += 1
      }
      // A word longer than a line has no better place to break.
      for character in word {
        let wide = width(character)
        if used + wide > columns { end() }
        current.append(character)
        used += wide
      }
    }
    end()
    return lines.joined(separator: "\n")
  }

  static func width(_ text: some StringProtocol) -> Int {
    let plain = text.utf8.withContiguousStorageIfAvailable(plainWidth) ?? nil
    return plain ?? text.reduce(0) { $0 + width($1) }
  }

  /// The width of nearly all text: ASCII and no-break spaces. `nil` for other text.
  private static func plainWidth(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var (index, width) = (0, 0)
    while index < bytes.count {
      if 0x20...0x7E ~= bytes[index] {
        index += 1
      } else if isNoBreakSpace(bytes, at: index) {
        index += 2
      } else {
        return nil
      }
      width += 1
    }
    return width
  }

  /// East Asian wide characters and emoji take two columns; marks and isolates take none.
  private static func width(_ character: Character) -> Int {
    character.unicodeScalars.map(width).max() ?? 0
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x20...0x7E: return 1
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return 1
    }
  }

  /// Rows of a label and an amount, with the amounts aligned on the right.
  static func table(_ rows: [(label: String, amount: String)]) -> String {
    let amounts = rows.map { width($0.amount) }
    let widestAmount = amounts.max() ?? 0
    let most = max(columns - widestAmount - 4, 20)
    let labels = rows.map { lines(of: $0.label, columns: most) }
    let widest = labels.joined().map(\.width).max() ?? 0
    var text = ""
    for (index, row) in rows.enumerated() {
      let (first, firstWidth) = labels[index].first ?? ("", 0)
      let gap = widest - firstWidth + 2 + widestAmount - amounts[index]
      text += "  \(first)\(String(repeating: " ", count: gap))\(row.amount)\n"
      for (line, _) in labels[index].dropFirst() { text += "  \(line)\n" }
    }
    return text
  }

  private static func lines(
    of label: String, columns most: Int
  ) -> [(text: Substring, width: Int)] {
    if let width = label.utf8.withContiguousStorageIfAvailable(plainWidth) ?? nil, width <= most {
      return [(label[...], width)]
    }
    return wrapped(label, columns: most, indent: "  ")
      .split(separator: "\n", omittingEmptySubsequences: false).map { ($0, width($0)) }
  }
}
