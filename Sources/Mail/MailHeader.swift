import Billing
import FoundationEssentials

/// Header values from text written by others. The result is always ASCII without control
/// characters, on lines of at most 78 characters that begin with a space.
enum MailHeader {
  /// Longer names and subjects are cut.
  private static let maxCharacters = 200

  /// `Müller AG <billing@example.com>`
  static func mailbox(_ mailbox: Mailbox) -> String {
    let name = clean(mailbox.name)
    if name.isEmpty { return mailbox.address.text }
    let isPhrase = name.utf8.allSatisfy { EmailAddress.isAtomByte($0) || $0 == 0x20 }
    let shown = isPhrase && fits(name) ? name : encoded(name)
    return "\(shown)\r\n <\(mailbox.address.text)>"
  }

  /// Free text, as in a subject.
  static func text(_ text: String) -> String {
    let text = clean(text)
    return fits(text) && text.utf8.allSatisfy { 0x20...0x7E ~= $0 } ? text : encoded(text)
  }

  /// `<id@domain>`. Bytes that an id may not have are written as `%XX`, so that different ids stay
  /// different.
  static func messageID(_ id: String) -> String {
    var id = id[...]
    if id.first == "<", id.last == ">" { id = id.dropFirst().dropLast() }
    let at = id.lastIndex(of: "@")
    let local = atom(id[..<(at ?? id.endIndex)])
    let domain = at.map { atom(id[id.index(after: $0)...]) } ?? "month-close.invalid"
    return "<\(local)@\(domain)>"
  }

  private static func atom(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 16)
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") || EmailAddress.isAtomByte(byte) && byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else {
        let hex = (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        bytes.append(contentsOf: "%\(hex)".utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func fits(_ text: String) -> Bool {
    text.utf8.count <= 68 && !(text.utf8.contains(UInt8(ascii: "=")) && text.contains("=?"))
  }

  /// Control characters, line and paragraph separators and marks that turn the reading direction
  /// become spaces; spaces at the ends go.
  private static func clean(_ text: String) -> String {
    if isClean(text) { return text }
    let scalars = text.unicodeScalars.prefix(maxCharacters).map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: " "
      default: Character(scalar)
      }
    }
    let trimmed = scalars.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    return String(trimmed)
  }

  /// Most of it: ASCII, short, with nothing to take off.
  private static func isClean(_ text: String) -> Bool {
    let bytes = text.utf8
    return bytes.count <= maxCharacters && bytes.first != 0x20 && bytes.last != 0x20
      && bytes.allSatisfy { 0x20...0x7E ~= $0 }
  }

  /// RFC 2047 encoded words, short enough to share a line with a field name; no character is cut
  /// in two.
  private static func encoded(_ text: String) -> String {
    var words: [String] = []
    var word: [UInt8] = []
    func end() {
      if !word.isEmpty { words.append("=?UTF-8?B?\(Data(word).base64EncodedString())?=") }
      word = []
    }
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if word.count + bytes.count > 39 { end() }
      word += bytes
    }
    end()
    return words.joined(separator: "\r\n ")
  }
}
