import Billing
import Foundation
import Testing

@testable import Mail

@Suite struct MailPartsTests {
  @Test(arguments: [
    ("billing@example.com", "", "billing@example.com"),
    ("Example Cloud <billing@example.com>", "Example Cloud", "billing@example.com"),
    ("<a@b>", "", "a@b"), ("a+b/c=d@x-y.example", "", "a+b/c=d@x-y.example"),
  ])
  func `Mailboxes are read`(_ text: String, _ name: String, _ address: String) throws {
    let address = try #require(EmailAddress(address))
    #expect(Mailbox(text) == Mailbox(name: name, address: address))
  }

  @Test func `Message I ds stay different and are the same every time`() {
    #expect(MailHeader.messageID("<a@b>") == "<a@b>")
    #expect(MailHeader.messageID("a") == "<a@month-close.invalid>")
    #expect(MailHeader.messageID("a b@c>\r\n") == "<a%20b@c%3E%0D%0A>")
    #expect(MailHeader.messageID("a%20b@c") != MailHeader.messageID("a b@c"))
  }

  @Test func `The same mail is the same bytes`() throws {
    let mail = OutgoingMail(
      from: "a@b", to: "c@d", toName: "É", subject: "S", messageID: "m@n", text: "t", html: "h",
      date: Instant(milliseconds: 0))
    let from = try #require(Mailbox(mail.from))
    let to = try #require(EmailAddress(mail.to))
    #expect(
      MailMessage.bytes(of: mail, from: from, to: to)
        == MailMessage.bytes(of: mail, from: from, to: to))
  }

  @Test(arguments: [
    ("2026-12-01T02:00:00Z", "Tue, 01 Dec 2026 02:00:00 +0000"),
    ("2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 +0000"),
    ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
  ])
  func `Dates have their weekday`(_ text: String, _ expected: String) throws {
    #expect(MailDate.header(try Instant(rfc3339: text)) == expected)
  }

  @Test(arguments: [
    ("Europe/Zurich", "1 December 2026"), ("America/New_York", "30 November 2026"),
    ("Nowhere/Else", "30 November 2026"),
  ])
  func `Days are the account's own`(_ timeZone: String, _ expected: String) throws {
    #expect(MailDate.text(try Instant(rfc3339: "2026-11-30T23:30:00Z"), in: timeZone) == expected)
  }

  @Test(arguments: [
    ("", ""), ("a", "a\r\n"), ("a \n", "a=20\r\n"), ("a=b", "a=3Db\r\n"), (".", "=2E\r\n"),
    ("é", "=C3=A9\r\n"), ("a\r\nb\n", "a\r\nb\r\n"), ("a\rb", "a=0Db\r\n"),
    (String(repeating: "x", count: 76), String(repeating: "x", count: 75) + "=\r\nx\r\n"),
  ])
  func `Quoted printable keeps what mail would change`(_ text: String, _ expected: String) {
    var bytes: [UInt8] = []
    QuotedPrintable.append(text, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }

  /// Spaces, dots and equal signs wherever a line breaks, and what RFC 2045 says of each line.
  @Test func `Quoted printable is read back as it was`() {
    var generator = SystemRandomNumberGenerator()
    let parts = [
      "a", "bc", " ", "  ", ".", "=", "é", "\n", "\t", String(repeating: "x", count: 74),
    ]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...60, using: &generator))
        .map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
      var bytes: [UInt8] = []
      QuotedPrintable.append(text, to: &bytes)
      let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
      #expect(lines.allSatisfy { $0.utf8.count <= 76 && !$0.hasPrefix(".") }, "\(text)")
      #expect(lines.allSatisfy { !$0.hasSuffix(" ") && !$0.hasSuffix("\t") }, "\(text)")
      let ended = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
      #expect(Self.decoded(lines) == ended, "\(text)")
    }
  }

  private static func decoded(_ lines: [String]) -> String {
    let joined = lines.dropLast().map { $0.hasSuffix("=") ? String($0.dropLast()) : $0 + "\n" }
    return joined.joined().replacing("=", with: "%").removingPercentEncoding ?? ""
  }
}
