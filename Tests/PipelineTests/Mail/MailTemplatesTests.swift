import Billing
import Testing

@testable import Pipeline

@Suite struct MailTemplatesTests {
  @Test(arguments: MailKind.allCases)
  func everyKindIsCompleteAndEscaped(_ kind: MailKind) throws {
    let templates = try MailTemplates()
    for collection in Collection.allCases {
      let hostile = "<script>alert('x')</script>\"&\r\nBcc: {{account}}"
      var view = try MailViews.full(name: hostile, collection: collection)
      view.account = hostile
      view.reason = hostile
      view.lines[0].text = hostile
      view.taxes[0].name = hostile
      let mail = try templates.render(kind, view)
      #expect(!mail.html.contains("<script") && !mail.html.contains("'x'"))
      #expect(mail.html.contains("&lt;script&gt;"))
      #expect(!mail.subject.contains("\n") && !mail.text.contains("\nBcc"))
      for part in [mail.subject, mail.text, mail.html] {
        #expect(!part.isEmpty && !part.contains("{{#") && !part.contains("CONTENT_TYPE"))
        #expect(!part.contains("nil") && !part.contains("Optional"))
      }
      #expect(!mail.html.contains("http"), "nothing is loaded from elsewhere")
    }
  }

  @Test func theInvoiceListsItsLinesAndSums() throws {
    let mail = try MailTemplates().render(.invoice, MailViews.full())
    #expect(mail.subject == "Your invoice for November 2026: 90.12 CHF")
    #expect(
      mail.text == """
        Hello Ada Lovelace,

        your invoice 1042 for November 2026 comes to 90.12 CHF.
        Your credit covers 10.00 CHF of it.
        We will charge 80.12 CHF to your card. There is nothing you need to do.

          Electricity, day rate (241.5 kWh)                             65.20 CHF
          Electricity, night rate (88 kWh)                              16.72 CHF
          Basic fee                                                      5.00 CHF
          Electricity, day rate (-13 kWh, correction for October 2026)  -3.55 CHF
          Net                                                           83.37 CHF
          MWST 8.1%                                                      6.75 CHF
          Total                                                         90.12 CHF
          Your credit                                                  -10.00 CHF
          To pay                                                        80.12 CHF

        --\u{20}
        Account meter-1000317. This mail was sent automatically.

        """)
  }

  static let cases: [(String, MailKind, @Sendable (inout MailView) -> Void, String)] = [
    ("manual", .invoice, { $0.collection = .manual }, "Please pay 80.12 CHF by 15 December 2026"),
    ("manual, no date", .invoice, { ($0.collection, $0.dueAt) = (.manual, nil) }, "80.12 CHF and"),
    ("covered", .invoice, { $0.openMinor = 0 }, "There is nothing left to pay."),
    ("in favour", .invoice, { ($0.totalMinor, $0.openMinor) = (-500, -500) }, "in your favour"),
    ("paid", .receipt, { $0.openMinor = 0 }, "The invoice is paid in full."),
    ("partly", .receipt, { $0.openMinor = 100 }, "1.00 CHF is still to be paid."),
    // 23:30 UTC on the 4th is the 5th in Zurich.
    ("soft", .declined, { _ in }, "We will try again on 5 December 2026."),
    ("why", .declined, { _ in }, "card was declined (insufficient funds)."),
    ("hard", .declined, { $0.nextAttemptAt = nil }, "in another way by 15 December 2026."),
    ("held", .held, { _ in }, "overdue since 15 December 2026: 80.12 CHF has not been paid"),
    ("released", .released, { _ in }, "no longer on hold"),
  ]

  @Test(arguments: 0..<cases.count)
  func mailsSayWhatIsTrue(_ index: Int) throws {
    let (name, kind, change, expected) = Self.cases[index]
    var view = try MailViews.full()
    change(&view)
    let text = try MailTemplates().render(kind, view).text
    #expect(text.contains(expected), "\(name): \(text)")
    let promises = ["We will charge", "Please pay 8", "nothing left to pay", "in your favour"]
    #expect(promises.filter { text.contains($0) }.count == (kind == .invoice ? 1 : 0))
  }

  @Test func currenciesHaveTheirOwnDecimals() throws {
    var view = try MailViews.full()
    view.currency = try Currency("JPY")
    #expect(try MailTemplates().render(.invoice, view).subject.hasSuffix("9012 JPY"))
  }
}
