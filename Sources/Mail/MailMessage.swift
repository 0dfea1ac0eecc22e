import Billing

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
