import Foundation
import Testing

@testable import Mail

@Suite struct MailAnswerTableTests {
  /// docs/mail.md publishes which codes are final.
  @Test func `The final codes are published`() throws {
    let words = try OperationsTable.words(under: "## Codes that are final", in: "mail.md")
    #expect(words == SMTPReply.recipientsFault.map(\.description))
  }

  @Test(arguments: [
    ("550 5.1.1 no", SMTPReply(550, .init(status: 5, subject: 1, detail: 1))),
    ("550-5.1.10 no", SMTPReply(550, .init(status: 5, subject: 1, detail: 10))),
    ("550 5.1 no", SMTPReply(550)), ("550 4.2.2 no", SMTPReply(550)), ("550", SMTPReply(550)),
    ("550 5.1.1234 no", SMTPReply(550)), ("550 <a@5.1.1>", SMTPReply(550)),
    ("55", nil), ("hello", nil), ("999 5.1.1", nil), ("", nil),
  ])
  func `Only codes are read of a reply`(line: String, reply: SMTPReply?) {
    #expect(SMTPReply(line: Array(line.utf8)) == reply)
  }
}
