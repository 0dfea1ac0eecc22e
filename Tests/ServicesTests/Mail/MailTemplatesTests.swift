import Billing
import Testing

@testable import Mail

@Suite struct MailTemplatesTests {
  @Test(arguments: MailKind.allCases)
  func `Every kind is complete and escaped`(_ kind: MailKind) throws {
    let templates = try MailTemplates()
    for collection in CollectionMethod.allCases {
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

  @Test func `The invoice lists its lines and sums`() throws {
    let mail = try MailTemplates().render(.invoice, MailViews.full())
    #expect(mail.subject == "Your invoice for November 2026: 90.12 CHF")
    #expect(
      mail.text == """
        Hello Ada Lovelace,

        Your invoice 1042 for November 2026 comes to 90.12 CHF.
        Your credit covers 10.00 CHF of this invoice.
        We will charge 80.12 CHF to your card. There is nothing you need to do.

          Electricity, day rate (241.5 kWh)                              65.20 CHF
          Electricity, night rate (88 kWh)                               16.72 CHF
          Basic fee                                                       5.00 CHF
          Electricity, day rate (-13 kWh, correction for October 2026)   -3.55 CHF
          Net                                                            83.37 CHF
          MWST 8.1 %                                                      6.75 CHF
          Total                                                          90.12 CHF
          Credit used                                                   -10.00 CHF
          Amount due                                                     80.12 CHF

        --\u{20}
        Account meter-1000317. This is an automated message.

        """)
  }

  static let cases: [(String, MailKind, @Sendable (inout MailView) -> Void, String)] = [
    ("manual", .invoice, { $0.payment = .manual }, "Please pay 80.12 CHF by 15 December 2026"),
    ("manual, no date", .invoice, { ($0.payment, $0.dueAt) = (.manual, nil) }, "80.12 CHF and"),
    ("covered", .invoice, { $0.openMinor = 0 }, "There is nothing left to pay."),
    (
      "charged", .invoice, { ($0.openMinor, $0.chargedMinor) = (0, 8012) },
      "We have charged 80.12 CHF to your card. Thank you. There is nothing left to pay."
    ),
    (
      "declined", .invoice, { $0.payment = .isTriedAgain },
      "We will try to charge 80.12 CHF again on 5 December 2026."
    ),
    (
      "declined, no date", .invoice, { ($0.payment, $0.nextAttemptAt) = (.isTriedAgain, nil) },
      "We will try to charge 80.12 CHF again."
    ),
    ("small", .invoice, { $0.payment = .isTooSmall }, "80.12 CHF is too small to charge"),
    (
      "credit note", .invoice, { ($0.totalMinor, $0.openMinor) = (-500, 0) },
      "Your credit note 1042 for November 2026 comes to 5.00 CHF. We have credited the amount"
    ),
    ("paid", .receipt, { $0.openMinor = 0 }, "The invoice is paid in full."),
    ("partly", .receipt, { $0.openMinor = 100 }, "1.00 CHF of this invoice is still unpaid."),
    // 23:30 UTC on the 4th is the 5th in Zurich.
    ("soft", .declined, { _ in }, "We will try again on 5 December 2026."),
    (
      "soft, due", .declined, { ($0.payment, $0.nextAttemptAt) = (.isTriedAgain, nil) },
      "We will try again. Please make sure your card will work."
    ),
    ("why", .declined, { _ in }, "card was declined (insufficient funds)."),
    ("stolen", .declined, { $0.reason = "stolen_card" }, "but the card was declined. 80.12 CHF"),
    (
      "hard", .declined, { ($0.payment, $0.nextAttemptAt) = (.manual, nil) },
      "We will not try this card again. Please pay another way by 15 December 2026."
    ),
    (
      "held", .held, { _ in },
      "80.12 CHF of invoice 1042 (November 2026) has not been paid; it was due on 15 December 2026."
    ),
    ("released", .released, { _ in }, "no longer on hold"),
  ]

  @Test(arguments: 0..<cases.count)
  func `Mails say what is true`(_ index: Int) throws {
    let (name, kind, change, expected) = Self.cases[index]
    var view = try MailViews.full()
    change(&view)
    // Where its lines end is another matter.
    let text = try MailTemplates().render(kind, view).text.split { $0.isWhitespace }
      .joined(separator: " ")
    #expect(text.contains(expected), "\(name): \(text)")
    let promises = [
      "We will charge", "Please pay 8", "nothing left to pay", "credited the amount",
      "will try to charge", "too small",
    ]
    #expect(promises.filter { text.contains($0) }.count == (kind == .invoice ? 1 : 0))
  }

  /// Each says its last day, and of the invoice only what is sure.
  @Test(arguments: [
    (
      MailView.Ending.Kind.final, true, false,
      "The last day of your account was 14 November 2026. This is your final invoice; you "
        + "will receive another only for items we have not billed yet."
    ),
    (
      .final, false, true,
      "The last day of your account is 14 November 2026. This is your final credit note; you "
        + "will receive another only for items we have not billed yet."
    ),
    (
      .usageAfterFinal, true, false,
      "The last day of your account was 14 November 2026. This invoice covers usage that was "
        + "reported later."
    ),
    (.unknownThen, true, false, "The last day of your account was 14 November 2026. Electricity"),
  ])
  func `The invoice says that the account has ended`(
    kind: MailView.Ending.Kind, isOver: Bool, isCreditNote: Bool, words: String
  ) throws {
    var view = try MailViews.full()
    if isCreditNote { (view.totalMinor, view.openMinor) = (-500, 0) }
    let lastDay = try #require(CivilDate("2026-11-14"))
    view.ending = .init(kind: kind, lastDay: lastDay, isOver: isOver)
    let mail = try MailTemplates().render(.invoice, view)
    let text = mail.text.split { $0.isWhitespace }.joined(separator: " ")
    #expect(text.contains(words), "\(text)")
    let html = mail.html.replacing("\u{a0}", with: " ")
    let sentence = words.replacing(" Electricity", with: "")
    #expect(html.contains("<p style=\"margin:0 0 14px 0;\">\(sentence)</p>"), "\(html)")
    #expect(!(try MailTemplates().render(.receipt, view).text.contains("last day")))
  }

  @Test func `Currencies have their own decimals`() throws {
    var view = try MailViews.full()
    view.currency = try Currency("JPY")
    #expect(try MailTemplates().render(.invoice, view).subject.hasSuffix("9,012 JPY"))
  }

  @Test func `An invoice in the customer's favour is a credit note`() throws {
    var view = try MailViews.full()
    (view.totalMinor, view.openMinor, view.creditAppliedMinor) = (-500, 0, 0)
    let mail = try MailTemplates().render(.invoice, view)
    #expect(mail.subject == "Your credit note for November 2026: 5.00 CHF")
    #expect(mail.html.contains("Credit note 1042 for November 2026"))
    #expect(!mail.text.contains("Your invoice") && !mail.html.contains(">Invoice"))
    #expect(!mail.text.contains("nothing left to pay"))
  }

  @Test func `A correction is named once`() throws {
    var view = try MailViews.full()
    view.lines[3].text = "Electricity, day rate, correction for 2026-10"
    let mail = try MailTemplates().render(.invoice, view)
    for part in [mail.text, mail.html] {
      #expect(part.ranges(of: "orrection for").count == 1)
      #expect(part.contains("correction for October 2026"))
    }
  }

  /// Long words, wide characters and figures too: a terminal of 80 columns shows it as it is.
  @Test(arguments: MailKind.allCases)
  func `The text part has78 columns at most`(_ kind: MailKind) throws {
    for name in [
      "Ada", String(repeating: "Donaudampf", count: 18),
      "株式会社 " + String(repeating: "東京電力", count: 20),
    ] {
      var view = try MailViews.full(name: name)
      view.account = String(repeating: "m", count: 128)
      view.lines[0].text = name
      view.lines[1].text = String(repeating: "Electricity at night and ", count: 7)
      view.reason = "insufficient_funds_on_the_card_of_this_account_for_the_amount"
      let text = try MailTemplates().render(kind, view).text
      for line in text.split(separator: "\n") {
        #expect(MailTextLines.width(line) <= 78, "\(line)")
      }
    }
  }

  @Test func `What is written from right to left keeps the rest in its place`() throws {
    var view = try MailViews.full(name: "דנה כהן")
    view.lines[0].text = "חשמל, תעריף יום"
    let text = try MailTemplates().render(.invoice, view).text
    #expect(text.contains("Hello \u{2068}דנה כהן\u{2069},"))
    #expect(text.contains("\u{2068}חשמל, תעריף יום\u{2069} (241.5 kWh)"))
  }
}
