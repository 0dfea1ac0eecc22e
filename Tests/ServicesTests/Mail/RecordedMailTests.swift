import Billing
import Foundation
import Testing

@testable import Mail

/// Mails as they have been sent so far, byte for byte: a change that is not meant to reach a
/// customer does not. `MONTHCLOSE_RECORD_MAILS=yes` with `--filter RecordedMailTests` records them
/// anew, for a change that is.
@Suite struct RecordedMailTests {
  private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Recorded/mails")
  private static let isRecording =
    ProcessInfo.processInfo.environment["MONTHCLOSE_RECORD_MAILS"] == "yes"

  typealias Case = (name: String, kind: MailKind, change: @Sendable (inout MailView) -> Void)

  static let cases: [Case] =
    MailKind.allCases.map { ("\($0)", $0, { @Sendable _ in }) } + changed

  private static let changed: [Case] = [
    ("invoice-paid-by-hand", .invoice, { $0.payment = .manual }),
    ("invoice-charged", .invoice, { ($0.openMinor, $0.chargedMinor) = (0, 8012) }),
    (
      "invoice-after-a-decline", .invoice,
      { ($0.payment, $0.nextAttemptAt) = (.isTriedAgain, nil) }
    ),
    ("invoice-too-small", .invoice, { $0.payment = .isTooSmall }),
    ("invoice-without-taxes", .invoice, { $0.taxes = [] }),
    ("credit-note", .invoice, { ($0.totalMinor, $0.openMinor) = (-500, 0) }),
    (
      "last-invoice", .invoice,
      { view in
        view.ending = CivilDate("2026-11-14").map {
          .init(kind: .final, lastDay: $0, isOver: true)
        }
      }
    ),
    ("receipt-in-full", .receipt, { $0.openMinor = 0 }),
    ("declined-for-good", .declined, { ($0.payment, $0.nextAttemptAt) = (.manual, nil) }),
    ("hostile", .invoice, { $0.name = "<script>'x'</script> \"&\r\nBcc: {{account}}" }),
    (
      "wide", .invoice,
      { view in
        view.name = "株式会社 " + String(repeating: "東京電力", count: 20)
        view.lines[0].text = "חשמל, תעריף יום"
        view.lines[1].text = String(repeating: "Electricity at night and ", count: 7)
      }
    ),
  ]

  @Test(arguments: cases.indices)
  func `A mail has the bytes it always had`(_ index: Int) throws {
    let (name, kind, change) = Self.cases[index]
    var view = try MailViews.full()
    change(&view)
    let parts = try MailTemplates.compiled.get().render(kind, view)
    let mail = OutgoingMail(
      from: "Example Cloud <billing@example.com>", to: "ada@example.org", toName: view.name,
      subject: parts.subject, messageID: "invoice.issued=3a2026-11=2fmeter-1.\(kind)@example.com",
      text: parts.text, html: parts.html, date: Instant(milliseconds: 1_796_090_400_000))
    let from = try #require(Mailbox(mail.from))
    let bytes = MailMessage.bytes(of: mail, from: from, to: try #require(EmailAddress(mail.to)))
    let file = Self.folder.appendingPathComponent("\(name).eml")
    if Self.isRecording {
      try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    let recorded = try Data(contentsOf: file)
    #expect(Data(bytes) == recorded, "\(name): \(String(decoding: bytes, as: UTF8.self))")
  }
}
