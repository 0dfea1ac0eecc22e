import Billing
import FoundationEssentials

/// A mail as the bytes of RFC 5322 and MIME: one alternative in plain text, one in HTML. The same
/// mail is the same bytes every time.
enum MailMessage {
  /// `from` and `to`: what `mail.from` and `mail.to` were read into.
  static func bytes(of mail: OutgoingMail, from: Mailbox, to: EmailAddress) -> [UInt8] {
    let messageID = MailHeader.messageID(mail.messageID)
    let boundary = boundary(for: messageID)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1024 + (mail.text.utf8.count + mail.html.utf8.count) * 5 / 4)
    func line(_ text: String) {
      bytes.append(contentsOf: text.utf8)
      bytes.append(contentsOf: [0x0D, 0x0A])
    }
    line("From: \(MailHeader.mailbox(from))")
    line("To: \(MailHeader.mailbox(Mailbox(name: mail.toName, address: to)))")
    line("Subject: \(MailHeader.text(mail.subject))")
    line("Date: \(MailDate.header(mail.date))")
    line("Message-ID: \(messageID)")
    line("Auto-Submitted: auto-generated")
    line("MIME-Version: 1.0")
    line("Content-Type: multipart/alternative; boundary=\"\(boundary)\"")
    for (type, content) in [("plain", mail.text), ("html", mail.html)] {
      line("")
      line("--\(boundary)")
      line("Content-Type: text/\(type); charset=utf-8")
      line("Content-Transfer-Encoding: quoted-printable")
      line("")
      QuotedPrintable.append(content, to: &bytes)
    }
    line("")
    line("--\(boundary)--")
    return bytes
  }

  /// Begins with `=_`, which quoted-printable text cannot contain.
  private static func boundary(for messageID: String) -> String {
    // FNV-1a: any hash will do, as long as it is the same every time.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in messageID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "=_" + String(hash, radix: 36)
  }
}

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
      case .privateUse, .unassigned: " "
      default: scalar.isInvisible ? " " : Character(scalar)
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
