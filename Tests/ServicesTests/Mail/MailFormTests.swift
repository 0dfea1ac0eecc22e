import Billing
import Testing

@testable import Mail

/// Forms are Mustache's own output with blanks: a mail from a form is the mail that Mustache makes.
@Suite struct MailFormTests {
  /// One set of templates, so that forms are made of one view and filled in for others.
  @Test func `A form that is filled in is what Mustache renders`() throws {
    let templates = try MailTemplates()
    var generator = SeededGenerator(state: 14)
    for number in 0..<600 {
      let kind = MailKind.allCases[number % MailKind.allCases.count]
      let view = try Self.view(&generator)
      #expect(try Self.isSame(templates, kind, view), "\(kind): \(view)")
    }
    #expect(templates.forms.count < 600, "forms are used again")
  }

  @Test func `No more forms are kept than the limit`() throws {
    let templates = try MailTemplates(forms: MailForms(limit: 2))
    for _ in 0..<3 {
      for kind in MailKind.allCases {
        let view = try MailViews.full()
        #expect(try Self.isSame(templates, kind, view))
        #expect(templates.forms.count <= 2)
      }
    }
  }

  @Test func `Mails that differ only in their texts share a form`() throws {
    let templates = try MailTemplates()
    for number in 0..<20 {
      var view = try MailViews.full(name: "Customer \(number)")
      view.lines[0].amountMinor += Int64(number)
      _ = try templates.render(.invoice, view)
    }
    #expect(templates.forms.count == 1)
  }

  @Test(arguments: ["\u{1}total", "\u{1}nothing\u{2}", "\u{1}lines.x.label\u{2}", "\u{1}\u{2}"])
  func `A mark that is no blank is refused`(_ rendered: String) {
    #expect(throws: MailTemplateError.self) { try MailForm(rendered) }
  }

  private static func isSame(
    _ templates: MailTemplates, _ kind: MailKind, _ view: MailView
  ) throws -> Bool {
    try templates.render(kind, view) == templates.renderDirectly(kind, view)
  }

  // MARK: Views

  private static let names = [
    "Ada Lovelace", "", "<b>\"A\" & 'B'</b>", "{{name}} {{#isOpen}}", "Zoë\r\nBcc: x", "דנה כהן",
    "株式会社 東京電力", "A\u{A0}B", String(repeating: "Donaudampf", count: 18), "<\u{301}x>",
    "\u{1}total\u{2}",
  ]

  /// Each would be a form of its own, kept for nobody.
  @Test func `No form is kept of an invoice with very many rows`() throws {
    let forms = MailForms()
    let templates = try MailTemplates(forms: forms)
    var view = try MailViews.full(name: "Ann")
    view.lines = (0..<500).map { view.lines[$0 % 4] }
    let mail = try templates.render(.invoice, view)
    #expect(forms.count == 0)
    #expect(mail == (try templates.renderDirectly(.invoice, view)))
    view.lines = Array(view.lines.prefix(10))
    _ = try templates.render(.invoice, view)
    #expect(forms.count == 1)
  }

  private static func view(_ generator: inout SeededGenerator) throws -> MailView {
    var view = try MailViews.full(name: generator.one(of: names))
    view.account = generator.one(of: names)
    view.payment = generator.one(of: [.manual, .willBeCharged, .isTriedAgain, .isTooSmall])
    view.totalMinor = generator.one(of: [9012, 0, -500, .min])
    view.openMinor = generator.one(of: [8012, 0, 1])
    view.chargedMinor = generator.one(of: [0, 0, 8012])
    view.creditAppliedMinor = generator.one(of: [0, 1000])
    if generator.one(of: [true, false]) { view.nextAttemptAt = nil }
    if generator.one(of: [true, false]) { view.dueAt = nil }
    view.reason = generator.one(of: [nil, "insufficient_funds", "stolen_card", "expired_card"])
    view.lines = (0..<Int.random(in: 0...4, using: &generator)).map { view.lines[$0 % 4] }
    for index in view.lines.indices where generator.one(of: [true, false]) {
      view.lines[index].text = generator.one(of: names)
    }
    if generator.one(of: [true, false]) { view.taxes = [] }
    let lastDay = try #require(CivilDate("2026-11-14"))
    let kind = generator.one(of: [nil, MailView.Ending.Kind.final, .usageAfterFinal, .unknownThen])
    view.ending = kind.map {
      .init(kind: $0, lastDay: lastDay, isOver: generator.one(of: [true, false]))
    }
    return view
  }
}

/// The same views every time (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func one<Value>(of values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &self)]
  }
}
