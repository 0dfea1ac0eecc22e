import Billing

/// Explains an unreadable time: the form it has, and the form to use. A whole column has the same
/// form, so it is reported once per file.
struct TimeForm {
  let reason: String
  /// The column is written in this form; `false` for a value that is no time in any form.
  let isOfColumn: Bool

  private static let form = "2026-11-01T00:00:00+01:00"

  fileprivate init(_ field: FieldBytes, _ what: String?) {
    let text = quoted(field)
    reason =
      what.map { "\(text) \($0); write it like \(Self.form), or with Z for UTC" }
      ?? "\(text) is not a time (like \(Self.form))"
    isOfColumn = what != nil
  }

  /// Digits as 0, a run of more than four as one `#`: the form without the value.
  fileprivate static func pattern(of field: FieldBytes) -> String {
    var pattern: [UInt8] = []
    var digits = 0
    for byte in field.prefix(40) {
      let isDigit = byte &- UInt8(ascii: "0") <= 9
      digits = isDigit ? digits + 1 : 0
      if digits == 5 { pattern.replaceSubrange((pattern.count - 4)..., with: "#".utf8) }
      if digits < 5 { pattern.append(isDigit ? UInt8(ascii: "0") : byte) }
    }
    return String(decoding: pattern, as: UTF8.self)
  }

  /// `nil`: no form of a time that is known.
  fileprivate static func what(_ pattern: String) -> String? {
    let clock = /(?:[ T]00?:00(?::00(?:\.0+)?)?(?: ?[AaPp][Mm])?)?/
    if pattern.wholeMatch(of: /0000-00-00/) != nil { return "is a date without a time and offset" }
    if pattern.wholeMatch(of: /0000-00-00[ Tt]00:00/) != nil {
      return "has no seconds and no offset"
    }
    if pattern.wholeMatch(of: /0000-00-00[ Tt]00:00:00(?:\.[0#]+)?/) != nil {
      return "has no offset, so the moment is ambiguous"
    }
    if pattern.wholeMatch(of: /0000-00-00[ Tt]00:00(?:[Zz]|[+-]00:00)/) != nil {
      return "has no seconds"
    }
    if pattern.wholeMatch(of: /0000-00-00[ Tt]00:00:00(?:\.[0#]+)? ?[+-]00:?(?:00)?/) != nil {
      return "has an offset in another form"
    }
    let day = pattern.prefix { !" T".contains($0) }
    let rest = pattern.dropFirst(day.count)
    if day.wholeMatch(of: /00?[.\/-]00?[.\/-](?:0000|00)|0000[.\/]00?[.\/]00?/) != nil,
      rest.wholeMatch(of: clock) != nil
    {
      return "has its date in another form"
    }
    if pattern.wholeMatch(of: /#(?:\.[0#]+)?/) != nil {
      return "is a number, not a time"
    }
    return nil
  }
}

/// Remembers forms: a file of a million times has few of them.
final class TimeForms {
  private var known: [String: String?] = [:]

  func form(of field: FieldBytes) -> TimeForm {
    let pattern = TimeForm.pattern(of: field)
    if let what = known[pattern] { return TimeForm(field, what) }
    let what = TimeForm.what(pattern)
    if known.count < 1000 { known[pattern] = .some(what) }
    return TimeForm(field, what)
  }
}

/// Explains an unreadable date: the form it has, and the form to use.
enum DateForm {
  private static let example = "2026-11-15"

  /// After the value in quotes.
  static func fault(_ text: String) -> String {
    if text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}[ Tt].*/) != nil {
      return "is a time; write the day alone, like \(example)"
    }
    guard isDate(text), let year = Int(text.prefix(4)) else {
      return "is not a date (like \(example))"
    }
    let (first, last) = (Period.years.lowerBound, Period.years.upperBound)
    return Period.years.contains(year)
      ? "is not a calendar day" : "is not in the years \(first) to \(last)"
  }

  /// The column is written in this form; `false` for a fault of its own.
  static func isOfColumn(_ text: String) -> Bool { !isDate(text) }

  private static func isDate(_ text: String) -> Bool {
    text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil
  }
}
