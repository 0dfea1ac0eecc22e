import Testing

@testable import closectl

@Suite struct TimeFormTests {
  @Test(
    arguments: [
      ("2026-11-01", "is a date without a time and offset"),
      ("2026-11-01 00:00", "has no seconds and no offset"),
      ("2026-11-01T00:00", "has no seconds and no offset"),
      ("2026-11-01T00:00:00", "has no offset, so the moment is ambiguous"),
      ("2026-11-01 00:00:00.123456", "has no offset, so the moment is ambiguous"),
      ("2026-11-01T00:00Z", "has no seconds"),
      ("2026-11-01 00:00:00 +0100", "has an offset in another form"),
      ("2026-11-01 00:00:00+00", "has an offset in another form"),
      ("01.11.2026 00:00", "has its date in another form"),
      ("1.11.2026", "has its date in another form"),
      ("11/01/2026 12:00:00 AM", "has its date in another form"),
      ("2026/11/01", "has its date in another form"),
      ("1793491200", "is a number, not a time"),
      ("46327.5", "is a number, not a time"),
      ("", nil), ("soon", nil), ("2026-11-31T00:00:00Z", nil), ("12", nil),
    ] as [(String, String?)])
  func `The form is named`(text: String, what: String?) {
    var copy = text
    let form = copy.withUTF8 { TimeForms().form(of: $0) }
    #expect(form.isOfColumn == (what != nil))
    #expect(
      form.reason
        == (what.map {
          "\"\(text)\" \($0); write it like 2026-11-01T00:00:00+01:00, or with Z for UTC"
        } ?? "\"\(text)\" is not a time (like 2026-11-01T00:00:00+01:00)"))
  }
}
