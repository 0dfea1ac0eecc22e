import Billing
import Foundation
import Logging
import Testing

@testable import Mail

/// Over a real SMTP server, read by somebody else's parser.
@Suite(.enabled(if: MailSink.isInstalled), .timeLimit(.minutes(2))) struct MailSinkTests {
  private func deliver(_ mails: [OutgoingMail]) async throws -> [MailSink.Received] {
    let sink = try MailSink()
    defer { sink.stop() }
    let server = try MailServer.smtp(
      url: "smtp://127.0.0.1:\(sink.port)", connections: 1,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    for mail in mails {
      var answer = MailAnswer.away("")
      // The sink takes a moment to start; until then the server is just not there.
      while case .away = answer { answer = await server.send([mail])[0] }
      #expect(answer == .accepted)
    }
    await server.shutdown()
    return try sink.received()
  }

  private func mail(
    name: String = "Ada Lovelace", subject: String = "Your invoice", text: String = "Hello\n",
    html: String = "<p>Hello</p>\n"
  ) -> OutgoingMail {
    OutgoingMail(
      from: "Example Cloud <billing@example.com>", to: "ada@example.org", toName: name,
      subject: subject, messageID: "invoice:2026-11/meter-1@month-close.example.com", text: text,
      html: html, date: Instant(milliseconds: 1_796_090_400_000))
  }

  @Test func `A mail arrives as it was written`() async throws {
    let text = """
      Grüezi Zoë,

      . a dot first
      ..two dots
      a very long line: \(String(repeating: "kWh = 1.50 € ", count: 40))end \("")
      tab\tat end\t
      From the start
      """
    let html = "<p style=\"color:#fff\">Grüezi &amp; <b>=3D</b> 🏦</p>\n"
    let received = try await deliver([mail(subject: "Rechnung für März", text: text, html: html)])
    let found = try #require(received.first)
    #expect(found.text == text + "\n")
    #expect(found.html == html)
    #expect(found.defects == [] && found.longestLine <= 78)
    #expect(found.values("Subject") == ["Rechnung für März"])
    #expect(found.values("From") == ["Example Cloud <billing@example.com>"])
    #expect(found.to == [["Ada Lovelace", "ada@example.org"]])
    #expect(found.values("Date") == ["Tue, 01 Dec 2026 02:00:00 +0000"])
    #expect(found.values("Message-ID") == ["<invoice%3A2026-11/meter-1@month-close.example.com>"])
    #expect(found.values("Auto-Submitted") == ["auto-generated"])
    #expect(found.values("MIME-Version") == ["1.0"])
  }

  static let hostile = [
    "Ada\r\nBcc: victim@example.net", "Ada\nSubject: other", "Ada\r\n\r\n<script>",
    "\u{0}\u{1B}[2J",
    "\" <evil@example.net>, \"", "Ada <evil@example.net>", "Ada, Bob", "=?UTF-8?Q?=0D=0ABcc:x?=",
    "Zoë\u{2028}Bcc: x", "\u{202E}gro.elpmaxe", "(comment", "a\\", "\u{85}Bcc: x",
    String(repeating: "Ä", count: 5000), "", "   ", "🏦🏦 Bank of Zürich 🏦🏦",
  ]

  @Test func `Hostile names and subjects stay in their header`() async throws {
    let received = try await deliver(Self.hostile.map { mail(name: $0, subject: $0) })
    #expect(received.count == Self.hostile.count)
    for found in received {
      #expect(found.values("Bcc").isEmpty && found.values("Subject").count == 1)
      #expect(found.to.count == 1 && found.to[0][1] == "ada@example.org")
      #expect(found.defects == [] && found.longestLine <= 78, "\(found)")
      #expect(found.text == "Hello\n" && found.html == "<p>Hello</p>\n")
    }
    #expect(received.contains { $0.to[0][0] == "🏦🏦 Bank of Zürich 🏦🏦" })
    #expect(received.contains { $0.to[0][0] == "Ada, Bob" })
  }

  @Test func `Every kind of mail arrives`() async throws {
    let templates = try MailTemplates()
    let mails = try MailKind.allCases.map { kind in
      let parts = try templates.render(kind, MailViews.full())
      return mail(subject: parts.subject, text: parts.text, html: parts.html)
    }
    let received = try await deliver(mails)
    #expect(received.count == MailKind.allCases.count)
    for (found, sent) in zip(received, mails) where found.values("Subject") == [sent.subject] {
      #expect(found.html == sent.html && found.text == sent.text)
      #expect(found.defects == [] && found.longestLine <= 78)
    }
  }
}
